/**
 * The folder for everything that can be regenerated: an unpacked Redis, optimised graphs, tuned profiles. All runs of a
 * user share it.
 */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** An absolute path: `FOREBAY_CACHE_DIR`, or else `forebay` in the XDG cache folder. */
export function cacheDir(env: NodeJS.ProcessEnv): string {
  const own = env['FOREBAY_CACHE_DIR'];
  return own ? resolve(own) : join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'forebay');
}
