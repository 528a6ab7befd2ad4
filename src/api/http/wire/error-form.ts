/** How an endpoint shows errors. */
import type { z } from 'zod';
import type { ForebayError } from '../../../shared/errors.ts';
import { PROBLEM, problemToWire } from './problem.ts';

export interface ErrorForm {
  /** Media type. */
  readonly type: string;
  readonly schema: z.ZodType;
  readonly body: (error: ForebayError, path: string) => object;
}

export const PROBLEMS: ErrorForm = {
  type: 'application/problem+json',
  schema: PROBLEM,
  body: problemToWire,
};
