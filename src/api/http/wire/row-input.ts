/** The header of a response with the input of a row. */
import { z } from 'zod';

export const INPUT_VERSION_HEADER = 'X-Input-Version';

/** Whether the input is what the job has read. */
export const INPUT_VERSION = z.enum(['same', 'unknown']);
export type InputVersion = z.infer<typeof INPUT_VERSION>;
