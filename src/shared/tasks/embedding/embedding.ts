/** The answer of an embedding model. */
import { z } from 'zod';

export const EMBEDDING = z.array(z.number());
