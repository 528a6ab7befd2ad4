/**
 * Parses Redis addresses into options of ioredis: redis://, rediss://, unix:///path, which ioredis would treat as a host
 * name, and groups of servers (redis-group-url.ts). Opens no connection.
 */
import { isIP } from 'node:net';
import type { RedisOptions } from 'ioredis';
import { ForebayError } from '../errors.ts';
import { IN_CLUSTER, KEY_PREFIX } from '../queue/key-prefix.ts';
import { clusterConnector } from './cluster-connector.ts';
import { GROUP_FORMS, groupKind, parseGroupUrl } from './redis-group-url.ts';
import { sentinelConnector } from './sentinel-connector.ts';
import { tlsFor } from './tls-for.ts';

const FORMS = `redis://[user:password@]host[:port][/db], rediss://..., unix:///path/to/socket[?db=0], ${GROUP_FORMS}`;
const UNIX = /^unix:\/\/(?:(?<user>[^:@/]*)(?::(?<password>[^@/]*))?@)?(?<path>\/[^?#]+)(?:\?(?<query>.*))?$/;
const SCHEME = /^((?:redis|rediss)(?:\+(?:sentinel|cluster))?|unix):/i;
/** A server of a group that is frozen, or cut off, closes no connection. Another one has taken over by then. */
const SILENCE_MS = 10_000;
/** How long a Sentinel may take to answer. */
const PATIENCE_MS = 2000;

/**
 * The connection options of an address.
 * @throws ForebayError `config_invalid`. Its message quotes no part of the address, which may hold a password.
 */
export function redisOptions(url: string): RedisOptions {
  if (url.startsWith('unix:')) return parseUnix(url);
  return groupKind(url) === null ? parseTcp(url) : parseGroup(url);
}

/** The address without its password, for logs. Built from the parsed parts, never from the text. */
export function redactRedisUrl(url: string): string {
  const scheme = SCHEME.exec(url)?.[1]?.toLowerCase() ?? '';
  let options: RedisOptions;
  try {
    options = redisOptions(url);
  } catch {
    return `${scheme === '' ? '' : `${scheme}://`}***`;
  }
  const { username, password, path, host = '', port, db } = options;
  const group = groupKind(url) === null ? null : parseGroupUrl(url);
  const user = username === undefined ? '' : encodeURIComponent(username);
  const login = username === undefined && password === undefined ? '' : `${user}:***@`;
  if (group !== null && 'servers' in group) {
    const servers = group.servers.map((one) => `${bracketed(one.host)}:${one.port}`).join(',');
    const name = group.name === '' ? '' : `/${group.name}`;
    return `${scheme}://${login}${servers}${name}${db ? `/${db}` : ''}`;
  }
  if (path !== undefined) {
    return `unix://${login}${path.split('/').map(encodeURIComponent).join('/')}${db ? `?db=${db}` : ''}`;
  }
  return `${scheme}://${login}${bracketed(host)}:${port}${db ? `/${db}` : ''}`;
}

function bracketed(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

function parseGroup(url: string): RedisOptions {
  const group = parseGroupUrl(url);
  if ('wrong' in group) throw invalid(url, group.wrong);
  const { servers, name, tls, query } = group;
  const login = credentials(url, group.user, group.password);
  if (group.kind === 'cluster') {
    if (!IN_CLUSTER) throw invalid(url, 'a cluster must be named in the environment, not by --redis-url');
    const secure = { ...login, ...(tls && { tls: {} }) };
    return { ...secure, Connector: clusterConnector(servers, KEY_PREFIX, secure), socketTimeout: SILENCE_MS };
  }
  return {
    ...login,
    db: parseDb(url, group.db),
    sentinels: [...servers],
    name,
    ...(query.has('sentinel_user') && { sentinelUsername: query.get('sentinel_user')! }),
    ...(query.has('sentinel_password') && { sentinelPassword: query.get('sentinel_password')! }),
    ...(tls && { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true }),
    Connector: sentinelConnector,
    // The next attempt to connect asks again.
    sentinelRetryStrategy: () => null,
    // One that is frozen must not hold the others up.
    sentinelCommandTimeout: PATIENCE_MS,
    failoverDetector: true,
    socketTimeout: SILENCE_MS,
  };
}

function parseUnix(url: string): RedisOptions {
  const parts = UNIX.exec(url)?.groups;
  if (!parts?.['path']) {
    throw invalid(url, 'a unix address needs an absolute path, as in unix:///run/redis.sock');
  }
  // An unencoded `/` or `?` in the password makes the rest look like a path or query. A real @ is written as %40.
  if (`${parts['path']}${parts['query']}`.includes('@'))
    throw invalid(url, 'its path or query contains an @');
  const query = new URLSearchParams(parts['query'] ?? '');
  return {
    path: decode(url, parts['path']),
    db: parseDb(url, query.get('db')),
    ...credentials(url, parts['user'], parts['password']),
  };
}

function parseTcp(url: string): RedisOptions {
  if (!URL.canParse(url)) throw invalid(url, 'it is not a URL');
  const parsed = new URL(url);
  if (parsed.protocol !== 'redis:' && parsed.protocol !== 'rediss:') {
    throw invalid(url, 'its scheme is unknown');
  }
  // An unencoded `/`, `?` or `#` in the password ends the host too early: `redis://me:12/34@host` has the host `me`.
  if (`${parsed.pathname}${parsed.search}${parsed.hash}`.includes('@')) {
    throw invalid(url, 'an @ comes after the host');
  }
  const host = parsed.hostname.replace(/^\[(.*)\]$/, '$1') || '127.0.0.1';
  return {
    host,
    port: parsed.port === '' ? 6379 : Number(parsed.port),
    db: parseDb(url, parsed.pathname.replace(/^\//, '') || parsed.searchParams.get('db')),
    ...credentials(url, parsed.username, parsed.password),
    ...(parsed.protocol === 'rediss:' && { tls: tlsFor(host) }),
  };
}

function parseDb(url: string, text: string | null): number {
  if (text === null || text === '') return 0;
  if (!/^\d{1,5}$/.test(text)) throw invalid(url, 'its database is not a number');
  return Number(text);
}

function credentials(url: string, user: string | undefined, password: string | undefined): RedisOptions {
  return {
    ...(user ? { username: decode(url, user) } : {}),
    ...(password ? { password: decode(url, password) } : {}),
  };
}

function decode(url: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid(url, 'it contains a broken %-escape');
  }
}

const ENCODE =
  ' In a user or password, write @ / # % : and ? percent-encoded: %40 %2F %23 %25 %3A %3F (encodeURIComponent encodes any text).';

function invalid(url: string, why: string): ForebayError {
  const advice = url.includes('@') ? ENCODE : '';
  return new ForebayError(
    'config_invalid',
    `REDIS_URL cannot be used: ${why}. Known forms: ${FORMS}.${advice}`,
  );
}
