/**
 * What a failed fetch means for its row and for its host. The row gets an error code, which determines whether a retry
 * can help. The host's circuit breaker gets a verdict. Pure.
 */
import { ForebayError, messageOf, type ErrorCode } from '../errors.ts';

/** `unknown`: the fetch tells nothing about the host. */
export type HostVerdict = 'answered' | 'failed' | 'unknown';

/** The request never reached the host, or its failure says nothing about the host's health. */
const SAYS_NOTHING: ReadonlySet<ErrorCode> = new Set(['url_not_allowed', 'fetch_tls']);

export function hostVerdict(error: ForebayError): HostVerdict {
  if (error.retryable) return 'failed';
  return SAYS_NOTHING.has(error.code) ? 'unknown' : 'answered';
}

/**
 * Certificates and protocol versions do not change between two attempts. An interrupted handshake may succeed later.
 */
const TLS =
  /^(CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO_|INVALID_CA|HOSTNAME_MISMATCH|ERR_TLS_CERT_|ERR_SSL_(WRONG_VERSION|UNSUPPORTED|UNKNOWN_PROTOCOL|PACKET_LENGTH|NO_|\w+_(HANDSHAKE_FAILURE|PROTOCOL_VERSION|UNRECOGNIZED_NAME)))/;

/** Turns any exception of a request into the row's error. A ForebayError stays unchanged. */
export function fetchError(error: unknown, timedOut: boolean, timeoutMs: number): ForebayError {
  if (error instanceof ForebayError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const fail = (as: ErrorCode, message: string) => new ForebayError(as, message, { cause: error });
  if (timedOut || /^UND_ERR_\w+_TIMEOUT$/.test(code)) {
    return fail('fetch_timeout', `no complete answer within ${timeoutMs} ms`);
  }
  if (TLS.test(code)) {
    return fail('fetch_tls', `no secure connection: ${messageOf(error) || code}`);
  }
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    return fail('fetch_unreadable', "the answer's headers are too large");
  }
  return fail('fetch_failed', messageOf(error) || code || 'the connection failed');
}
