/** Cause and fix of errors that keep a process from starting. */
import type { ErrorCode } from '../errors.ts';
import type { ErrorAdvice } from './error-advice.ts';

export const PROCESS_ERRORS = {
  config_invalid: {
    cause: 'A setting in the environment or on the command line is missing or has a wrong value.',
    fix: 'Correct every setting that the message names. `docs/settings.md` lists all settings.',
  },
  redis_not_found: {
    cause: 'Forebay needs to start a Redis, but there is no `redis-server` or `valkey-server`.',
    fix: 'Install one (`apt-get install redis-server`, `brew install valkey`), or set `REDIS_URL` for a service. `forebay run` does not use `REDIS_URL`.',
  },
  redis_evicts: {
    cause: 'Redis would delete keys when it is full, and jobs would be lost.',
    fix: 'Set `maxmemory-policy noeviction` in Redis.',
  },
  redis_cluster: {
    cause: 'Redis runs in cluster mode, and `REDIS_URL` names one server.',
    fix: 'Name some nodes of the cluster: `redis+cluster://host:port,host:port`.',
  },
  address_in_use: {
    cause: 'Another program listens on this port.',
    fix: 'Stop that program, or choose another port with the setting that the message names, such as `FOREBAY_PORT`.',
  },
  data_in_use: {
    cause: 'Another Forebay process uses this data folder.',
    fix: 'Stop that process first, or choose another folder with `FOREBAY_DATA_DIR` or `--data`.',
  },
  keys_required: {
    cause: 'The API would listen beyond loopback, and there is no valid API key.',
    fix: 'Create a key with `forebay keys create`, or open the API to everybody with `--insecure`.',
  },
} as const satisfies Partial<Record<ErrorCode, ErrorAdvice>>;
