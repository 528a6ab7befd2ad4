/** Settings of the API: its address, who may use it, and the limits of one client. */
import { choice, count, names, seconds, text } from '../setting.ts';

export const API = {
  redisUrl: text({
    env: 'REDIS_URL',
    flag: {
      usage: '--redis-url <url>',
      what: 'Redis: redis://, rediss:// or unix:///path.sock',
      unset: 'REDIS_URL',
    },
    what: 'Redis to use: redis://, rediss:// or unix:///path.sock. [Several servers](operations.md#redis-that-survives-a-server): redis+sentinel:// or redis+cluster://',
    trade:
      'Your own Redis can serve several machines. The private one runs only on this machine. `forebay run` ignores the variable.',
    unset: 'a private one, which `forebay up` starts',
  }),
  host: text({
    env: 'FOREBAY_HOST',
    fallback: '127.0.0.1',
    flag: { usage: '--host <address>', what: 'address of the API; beyond loopback it needs keys' },
    what: 'Address that the API listens on',
    trade: 'Beyond loopback, other machines can reach it, and it needs API keys. See `FOREBAY_AUTH`.',
  }),
  port: count({
    env: 'FOREBAY_PORT',
    fallback: 8080,
    min: 0,
    max: 65_535,
    flag: { usage: '--port <port>' },
    what: 'Port of the API; 0 picks a free one',
    trade: 'Commands find port 8080 by themselves. For any other they need `--url` or `FOREBAY_URL`.',
  }),
  auth: choice({
    env: 'FOREBAY_AUTH',
    choices: ['auto', 'on', 'off'],
    fallback: 'auto',
    flag: {
      usage: '--insecure',
      means: 'off',
      what: 'require no keys: whoever reaches the address may do anything',
    },
    what: 'Whether requests need an API key (`forebay keys`)',
    trade:
      '`auto` requires keys beyond loopback, and on loopback if a key exists when the API starts. `off` allows everybody who reaches the address.',
  }),
  allowedHosts: names({
    env: 'FOREBAY_ALLOWED_HOSTS',
    what: 'Host names, without port, that clients may use for the API besides localhost; comma-separated',
    trade:
      'A list protects against web pages that call the API through their own host name (DNS rebinding). Clients that use any other name are refused.',
    unset: 'none on loopback, otherwise any name',
  }),
  requestTimeoutS: seconds({
    env: 'FOREBAY_REQUEST_TIMEOUT_S',
    fallback: 120,
    max: 86_400,
    what: 'How long a client may take to send a whole request',
    trade:
      'A longer time allows slower uplinks: 16 MB in 120 s need 140 KB/s. A shorter time frees the connections of stalled clients sooner.',
  }),
  maxConnections: count({
    env: 'FOREBAY_MAX_CONNECTIONS',
    fallback: 2000,
    what: 'Connections to the API at once; more are refused',
    trade: 'A higher limit lets more clients watch jobs at once. Each connection needs a file descriptor.',
  }),
};
