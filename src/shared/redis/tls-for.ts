import { isIP } from 'node:net';
import type { RedisOptions } from 'ioredis';

type TlsOptions = NonNullable<RedisOptions['tls']>;

/**
 * TLS options for a host. An IP address must not be sent as a server name (RFC 6066). Node then compares the certificate
 * with the host.
 */
export function tlsFor(host: string, tls: TlsOptions = {}): TlsOptions {
  return isIP(host) === 0 ? { ...tls, servername: host } : tls;
}
