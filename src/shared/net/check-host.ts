/**
 * Refuses requests whose Host is not a name of this service. This stops DNS rebinding, in which a web page makes its
 * own name resolve to loopback. The browser then treats the service as the page's own origin, but the Host header still
 * has the page's name.
 */
import { ForebayError } from '../errors.ts';

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];

/** `host`: undefined without a Host header, which every browser sends. */
export type HostCheck = (host: string | undefined) => void;

/** `given`: more names, without ports. The check throws ForebayError `host_not_allowed`. */
export function createHostCheck(given: readonly string[]): HostCheck {
  const allowed = new Set([...LOOPBACK_NAMES, ...given.map((name) => name.toLowerCase())]);
  return (host) => {
    if (host === undefined || allowed.has(nameOf(host))) return;
    throw new ForebayError(
      'host_not_allowed',
      `"${host.slice(0, 100)}" is not a name of this service, so another web page may have sent the request. ` +
        'Use localhost or 127.0.0.1, or have the operator add the name to FOREBAY_ALLOWED_HOSTS.',
    );
  };
}

/** The name without the port and without a trailing dot. */
function nameOf(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
}
