/** The cause and fix of every error code, for `/docs`, the OpenAPI document and docs/errors.md. */
import type { ErrorCode } from '../errors.ts';
import type { ErrorAdvice } from './error-advice.ts';
import { JOB_ERRORS } from './job-errors.ts';
import { MODEL_ERRORS } from './model-errors.ts';
import { PROCESS_ERRORS } from './process-errors.ts';
import { REQUEST_ERRORS } from './request-errors.ts';
import { ROW_ERRORS } from './row-errors.ts';

/** If this does not compile, a code lacks its cause and fix. Add them in the file of its group. */
export const ERROR_ADVICE: Readonly<Record<ErrorCode, ErrorAdvice>> = {
  ...REQUEST_ERRORS,
  ...JOB_ERRORS,
  ...MODEL_ERRORS,
  ...ROW_ERRORS,
  ...PROCESS_ERRORS,
};

export interface ErrorGroup {
  readonly title: string;
  readonly about: string;
  readonly codes: readonly ErrorCode[];
}

export const ERROR_GROUPS: readonly ErrorGroup[] = [
  group('Requests', 'A request failed. The body of the answer has one of these codes.', REQUEST_ERRORS),
  group(
    'Jobs',
    'A job ended as `failed`. Its `error` has one of these codes, or one of the table above that is about its input, such as `input_not_found`.',
    JOB_ERRORS,
  ),
  group('Models', 'A model cannot be used. `GET /v1/models` and `forebay models` show why.', MODEL_ERRORS),
  group('Rows', 'One row failed. `errors-*.jsonl` has its code, and the job continues.', ROW_ERRORS),
  group('Processes', 'A command or a process of the service cannot start.', PROCESS_ERRORS),
];

function group(title: string, about: string, advice: Partial<Record<ErrorCode, ErrorAdvice>>): ErrorGroup {
  return { title, about, codes: Object.keys(advice) as ErrorCode[] };
}
