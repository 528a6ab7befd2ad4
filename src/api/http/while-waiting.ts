/** What the API answers while it is up but has not reached Redis yet. */
import { ForebayError } from '../../shared/errors.ts';
import { emitNothing, problemResponse } from './middleware/error-handler.ts';

/** In seconds. The service is ready about one second after Redis is. */
const RETRY_AFTER_S = 1;

export function answerWhileWaiting(request: Request): Response {
  const { method } = request;
  const path = new URL(request.url).pathname;
  if ((path === '/healthz' || path === '/v2/health/live') && (method === 'GET' || method === 'HEAD')) {
    return Response.json({ status: 'ok' }, { headers: { 'Cache-Control': 'no-store' } });
  }
  // Contains no address, because anybody may read it.
  const error = new ForebayError(
    'queue_unavailable',
    'The service has not reached its Redis yet. It starts as soon as Redis answers. Its log names the address.',
    { retryAfterS: RETRY_AFTER_S },
  );
  // The log has one line for the whole wait.
  return problemResponse(error, { method, path }, emitNothing);
}
