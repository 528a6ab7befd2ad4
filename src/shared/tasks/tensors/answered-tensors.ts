/** The answer of the task `tensors`. */
import { z } from 'zod';

export const ANSWERED_TENSORS = z.record(z.string(), z.unknown());
