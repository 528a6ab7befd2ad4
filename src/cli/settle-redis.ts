/**
 * Puts the Redis that the command line names into the environment. The names of all keys depend on the kind of Redis, and
 * are decided when the first module that uses them is loaded (shared/queue/key-prefix.ts), before flags are parsed.
 */
import { parseArgs } from 'node:util';

/** `argv`: without the program. Mistakes in it are reported when it is parsed in full. */
export function settleRedis(argv: readonly string[], env: NodeJS.ProcessEnv): void {
  const { values } = parseArgs({
    args: [...argv],
    options: { 'redis-url': { type: 'string' }, data: { type: 'string' } },
    strict: false,
    allowPositionals: true,
  });
  const given = values['redis-url'];
  if (typeof given === 'string') env['REDIS_URL'] = given;
  // It selects the private Redis of the data folder, even if REDIS_URL is set.
  else if (argv[0] === 'keys' && typeof values['data'] === 'string') delete env['REDIS_URL'];
}
