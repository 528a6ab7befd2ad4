/** Errors in the form of the Open Inference Protocol, with Forebay's code. */
import { z } from 'zod';
import { ERROR_CODES, type ForebayError } from '../../../shared/errors.ts';
import type { ErrorForm } from '../wire/error-form.ts';

const OIP_ERROR = z
  .object({ error: z.string(), code: z.enum(ERROR_CODES) })
  .meta({ id: 'OipError', description: 'An error of the Open Inference Protocol. `code`: as in a problem.' });

export const OIP_ERRORS: ErrorForm = {
  type: 'application/json',
  schema: OIP_ERROR,
  body: ({ message, code }: ForebayError) => ({ error: message, code }),
};

export function isOipPath(path: string): boolean {
  return path === '/v2' || path.startsWith('/v2/');
}
