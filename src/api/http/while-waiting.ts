/** What the API answers while it waits for its first word from Redis: it is up, and not ready. */
import { ForebayError } from '../../shared/errors.ts';
import { problemResponse } from './middleware/error-handler.ts';

/** Seconds; it comes up within about one of Redis. */
const RETRY_AFTER_S = 1;

/** The log has one line for the whole wait. A line per probe would bury it. */
const emitNothing = () => undefined;

export function answerWhileWaiting(request: Request): Response {
  const { method } = request;
  const path = new URL(request.url).pathname;
  if (path === '/healthz' && (method === 'GET' || method === 'HEAD')) {
    return Response.json({ status: 'ok' }, { headers: { 'Cache-Control': 'no-store' } });
  }
  // No address: whoever asks may be anybody.
  const error = new ForebayError(
    'queue_unavailable',
    'The service has not reached its Redis yet. It comes up by itself when that answers; its log says where it looks.',
    { retryAfterS: RETRY_AFTER_S },
  );
  return problemResponse(error, { method, path }, emitNothing);
}
