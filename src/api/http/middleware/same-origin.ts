/**
 * Refuses writes that a browser sends on behalf of another site. Any page can reach a service on loopback, and a POST
 * without a body needs no preflight. Programs send no Origin, so they are not affected.
 */
import { ForebayError } from '../../../shared/errors.ts';

/** `host`: the request's Host header. Throws ForebayError `origin_not_allowed`. */
export function checkOrigin(origin: string | undefined, host: string | undefined): void {
  if (origin === undefined) return;
  if (URL.canParse(origin) && new URL(origin).host === host) return;
  throw new ForebayError(
    'origin_not_allowed',
    `A page of ${origin} may not change anything here. Only pages of this service and programs that send no Origin may.`,
  );
}
