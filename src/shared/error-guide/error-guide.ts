/**
 * What every error code means to a user: the source of `/docs`, the OpenAPI document and docs/errors.md.
 * A code without a text does not compile.
 */
import type { ErrorCode } from '../errors.ts';
import type { ErrorAdvice } from './error-advice.ts';
import { JOB_ERRORS } from './job-errors.ts';
import { MODEL_ERRORS } from './model-errors.ts';
import { PROCESS_ERRORS } from './process-errors.ts';
import { REQUEST_ERRORS } from './request-errors.ts';
import { ROW_ERRORS } from './row-errors.ts';

/** If this line does not compile, a code has no cause and fix: add them in the file of its group. */
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
  group('Requests', 'The answer to a request is a problem with one of these codes.', REQUEST_ERRORS),
  group('Jobs', 'A job ends as `failed`, and its `error` has one of these codes.', JOB_ERRORS),
  group('Models', 'A model cannot be used. `GET /v1/models` and `forebay models` show why.', MODEL_ERRORS),
  group('Rows', 'One row has no answer. `errors-*.jsonl` has its code, and the job goes on.', ROW_ERRORS),
  group('Processes', 'A command or a process of the service does not start.', PROCESS_ERRORS),
];

function group(title: string, about: string, advice: Partial<Record<ErrorCode, ErrorAdvice>>): ErrorGroup {
  return { title, about, codes: Object.keys(advice) as ErrorCode[] };
}
