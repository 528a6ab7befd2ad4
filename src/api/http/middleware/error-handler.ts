/**
 * Turns anything that a handler throws into a problem (RFC 9457). An unexpected error is logged, and clients do not see
 * its message.
 */
import { HTTPException } from 'hono/http-exception';
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import type { Emit } from '../../../shared/observe/events.ts';
import { redisProblem, redisTrouble } from '../../../shared/redis/redis-trouble.ts';
import { storageTrouble } from '../../../shared/storage/storage-trouble.ts';
import { PROBLEMS, type ErrorForm } from '../wire/error-form.ts';

/** For a problem that is the answer to a probe. A log line per probe would bury all others. */
export const emitNothing: Emit = () => undefined;

/**
 * `request`: its method and path, for the log and for `instance`. `form`: how the error is shown. Default: as a
 * problem.
 */
export function problemResponse(
  thrown: unknown,
  request: { readonly method: string; readonly path: string },
  emit: Emit,
  headers: Readonly<Record<string, string>> = {},
  form: ErrorForm = PROBLEMS,
): Response {
  const error = toForebayError(thrown);
  if (error.code === 'internal') {
    emit('request.crashed', { err: thrown, method: request.method, path: request.path });
  } else if (error.status >= 500) {
    emit('request.failed', {
      code: error.code,
      detail: error.message,
      path: request.path,
      redis: redisTrouble(error) !== null,
    });
  }
  const body = form.body(error, request.path);
  return new Response(`${JSON.stringify(body)}\n`, {
    status: error.status,
    headers: {
      'Content-Type': form.type,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      // RFC 9110 requires this header with a 401.
      ...(error.code === 'unauthenticated' ? { 'WWW-Authenticate': 'Bearer realm="forebay"' } : {}),
      ...(error.retryAfterS === undefined ? {} : { 'Retry-After': String(Math.ceil(error.retryAfterS)) }),
      ...headers,
    },
  });
}

/** Storage may be back by then. */
const STORAGE_RETRY_S = 5;

/** The error that clients see. */
export function toForebayError(thrown: unknown): ForebayError {
  if (thrown instanceof ForebayError) return thrown;
  const problem = redisProblem(thrown);
  if (problem !== null) return problem;
  const trouble = storageTrouble(thrown);
  if (trouble !== null) {
    const detail = `The service cannot use its storage now: ${trouble}.`;
    return new ForebayError('storage_unavailable', detail, { cause: thrown, retryAfterS: STORAGE_RETRY_S });
  }
  if (thrown instanceof HTTPException && thrown.status < 500) {
    return new ForebayError('invalid_request', messageOf(thrown), { cause: thrown });
  }
  return new ForebayError('internal', 'The service failed unexpectedly. Its log has the cause.', {
    cause: thrown,
  });
}
