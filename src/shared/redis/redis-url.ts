/**
 * Redis addresses: redis://, rediss:// and unix:///path, read into ioredis options.
 * Parsed here because ioredis takes unix:///path for a host name. Knows nothing of connections.
 */
import { isIP } from 'node:net';
import type { RedisOptions } from 'ioredis';
import { ForebayError } from '../errors.ts';

const FORMS = 'redis://[user:password@]host[:port][/db], rediss://... or unix:///path/to/socket[?db=0]';
const UNIX = /^unix:\/\/(?:(?<user>[^:@/]*)(?::(?<password>[^@/]*))?@)?(?<path>\/[^?#]+)(?:\?(?<query>.*))?$/;

/**
 * The connection options an address stands for.
 * @throws ForebayError `config_invalid`; the message never repeats the address, which may hold a password.
 */
export function redisOptions(url: string): RedisOptions {
  return url.startsWith('unix:') ? parseUnix(url) : parseTcp(url);
}

/** The address with its password replaced by `***`, fit for logs. A password may hold `@`, `?` and `#`. */
export function redactRedisUrl(url: string): string {
  return url.replace(/^([^:/]*:\/\/[^:@/]*):[^/]*@/, '$1:***@');
}

function parseUnix(url: string): RedisOptions {
  const parts = UNIX.exec(url)?.groups;
  if (!parts?.['path']) throw invalid('a unix address needs an absolute path, as in unix:///run/redis.sock');
  return {
    path: decode(parts['path']),
    db: parseDb(new URLSearchParams(parts['query'] ?? '').get('db')),
    ...credentials(parts['user'], parts['password']),
  };
}

function parseTcp(url: string): RedisOptions {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw invalid('it is not a URL');
  }
  if (parsed.protocol !== 'redis:' && parsed.protocol !== 'rediss:') {
    throw invalid(`the scheme ${parsed.protocol.slice(0, -1)} is not known`);
  }
  const host = parsed.hostname.replace(/^\[(.*)\]$/, '$1') || '127.0.0.1';
  return {
    host,
    port: parsed.port === '' ? 6379 : Number(parsed.port),
    db: parseDb(parsed.pathname.replace(/^\//, '') || parsed.searchParams.get('db')),
    ...credentials(parsed.username, parsed.password),
    // An address is no server name (RFC 6066): the certificate is then compared with the host.
    ...(parsed.protocol === 'rediss:' ? { tls: isIP(host) === 0 ? { servername: host } : {} } : {}),
  };
}

function parseDb(text: string | null): number {
  if (text === null || text === '') return 0;
  if (!/^\d{1,5}$/.test(text)) throw invalid(`the database "${text}" is not a number`);
  return Number(text);
}

function credentials(user: string | undefined, password: string | undefined): RedisOptions {
  return {
    ...(user ? { username: decode(user) } : {}),
    ...(password ? { password: decode(password) } : {}),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('it holds a broken %-escape');
  }
}

function invalid(why: string): ForebayError {
  return new ForebayError('config_invalid', `REDIS_URL cannot be used: ${why}. Known forms: ${FORMS}.`);
}
