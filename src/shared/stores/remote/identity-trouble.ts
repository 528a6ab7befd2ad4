/**
 * Failures of a service that gives this process its identity. If the service is down, a retry can help, as with a store
 * that is down. Denials are kept for longer. Otherwise each row would wait for a new one.
 */
import { fetchError } from '../../net/fetch-outcome.ts';
import { ForebayError, messageOf } from '../../errors.ts';

/** How long a denial is kept. */
export const DENIED_MS = 30_000;
/** How long a temporary failure is kept, so that rows that fail together ask once. */
export const TROUBLE_MS = 200;

/** `service`: its name or origin. */
export function identityDown(service: string, said: string, cause?: unknown): ForebayError {
  return new ForebayError('fetch_unavailable', `${service}, which gives Forebay its credentials, ${said}`, {
    cause,
  });
}

/** A request to the service that got no answer. */
export function noAnswer(
  service: string,
  error: unknown,
  timedOut: boolean,
  timeoutMs: number,
): ForebayError {
  const { retryable, code, message } = fetchError(error, timedOut, timeoutMs);
  if (retryable) return identityDown(service, `does not answer: ${message}`, error);
  return new ForebayError(code, `${service}, which gives Forebay its credentials: ${message}`, {
    cause: error,
  });
}

const NETWORK = /^(ECONN\w+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|UND_ERR_\w+)$/;

/** Whether an error of a library means that the same request may succeed later. */
export function isNetworkTrouble(error: unknown): boolean {
  const { code, name } = (error ?? {}) as NodeJS.ErrnoException;
  return name === 'TimeoutError' || NETWORK.test(code ?? '') || /socket hang up/.test(messageOf(error));
}
