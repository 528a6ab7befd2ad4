/** Errors on the wire: problem details (RFC 9457) with a stable `code`. */
import { z } from 'zod';
import { ERROR_ADVICE } from '../../../shared/error-guide/error-guide.ts';
import { ERROR_CODES, type ForebayError } from '../../../shared/errors.ts';

export const PROBLEM = z
  .object({
    type: z.string().meta({
      description: 'URI reference of the kind of problem. It leads to the entry on the documentation page.',
      examples: ['/docs#error-invalid_request'],
    }),
    title: z.string().meta({ description: 'The kind of problem, in words.' }),
    status: z.int().meta({ description: 'HTTP status.' }),
    code: z.enum(ERROR_CODES).meta({
      id: 'ErrorCode',
      description:
        'Stable error code, the same in problems, row errors, logs and the command line. `/docs#errors` gives the cause and fix of each.',
      'x-enumDescriptions': Object.fromEntries(
        Object.entries(ERROR_ADVICE).map(([code, { cause, fix }]) => [code, `${cause} ${fix}`]),
      ),
    }),
    detail: z.string().meta({ description: 'What happened, where, and how to fix it.' }),
    instance: z.string().optional().meta({ description: 'Path of the request.' }),
    errors: z
      .array(
        z.object({
          path: z.string().meta({
            description:
              'JSON pointer into the body. For the other parts of a request: /query/NAME, /path/NAME and /header/NAME.',
            examples: ['/options/batch_size'],
          }),
          message: z.string(),
        }),
      )
      .optional()
      .meta({ description: 'The invalid places in the request, at most 50.' }),
  })
  .meta({
    id: 'Problem',
    description: 'A problem (RFC 9457, application/problem+json).',
    examples: [
      {
        type: '/docs#error-invalid_request',
        title: 'Invalid request',
        status: 400,
        code: 'invalid_request',
        detail:
          'The request is invalid in 2 places: /model: is missing (a string); /options/batch_sise: unknown field, did you mean "batch_size"?',
        instance: '/v1/jobs',
        errors: [
          { path: '/model', message: 'is missing (a string)' },
          { path: '/options/batch_sise', message: 'unknown field, did you mean "batch_size"?' },
        ],
      },
    ],
  });

export type ProblemWire = z.infer<typeof PROBLEM>;

export function problemToWire(error: ForebayError, instance: string | null): ProblemWire {
  return {
    type: `/docs#error-${error.code}`,
    title: titleOf(error.code),
    status: error.status,
    code: error.code,
    detail: error.message,
    ...(instance === null ? {} : { instance }),
    ...(error.issues.length === 0 ? {} : { errors: [...error.issues] }),
  };
}

export function titleOf(code: string): string {
  const words = code.replaceAll('_', ' ');
  return words[0]!.toUpperCase() + words.slice(1);
}
