/**
 * Refuses requests whose Host is not a name of this service. A page whose own name is made to resolve to loopback
 * (DNS rebinding) is of the same origin for a browser; its Host header gives it away. Programs send the host that
 * they connect to, and are not concerned.
 */
import { ForebayError } from '../../../shared/errors.ts';

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];

/** `undefined`: no Host header, which no browser leaves out. */
export type HostCheck = (host: string | undefined) => void;

/** `given`: further names, without port. The check throws ForebayError `host_not_allowed`. */
export function createHostCheck(given: readonly string[]): HostCheck {
  const allowed = new Set([...LOOPBACK_NAMES, ...given.map((name) => name.toLowerCase())]);
  return (host) => {
    if (host === undefined || allowed.has(nameOf(host))) return;
    throw new ForebayError(
      'host_not_allowed',
      `"${host.slice(0, 100)}" is no name of this service, so a web page elsewhere may be behind the request. ` +
        'Call it by localhost or 127.0.0.1, or have the operator add the name to FOREBAY_ALLOWED_HOSTS.',
    );
  };
}

/** Without port and without the root's dot. */
function nameOf(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
}
