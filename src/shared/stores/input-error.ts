/** What a failure of a store means for a whole input, not for one row. Pure. */
import { ForebayError, type ErrorCode } from '../errors.ts';

/** `doing` begins the message: "Cannot list s3://bucket/". An error that is not a ForebayError stays unchanged. */
export function inputError(doing: string, error: unknown): unknown {
  if (!(error instanceof ForebayError) || KEPT.has(error.code)) return error;
  const { retryAfterS } = error;
  return new ForebayError(codeOf(error), `${doing}: ${error.message}.`, {
    cause: error,
    ...(retryAfterS !== undefined && { retryAfterS }),
  });
}

const KEPT: ReadonlySet<ErrorCode> = new Set([
  'input_not_found',
  'input_unreadable',
  'invalid_request',
  'dataset_changed',
  'storage_unavailable',
]);

function codeOf({ code, retryable }: ForebayError): ErrorCode {
  if (retryable) return 'storage_unavailable';
  return code === 'file_not_found' ? 'input_not_found' : 'input_unreadable';
}
