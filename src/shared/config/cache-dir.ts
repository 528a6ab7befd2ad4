/**
 * The folder for everything that can be regenerated: an unpacked Redis, optimised graphs, tuned profiles. All runs of a
 * user share it.
 */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Absolute. `FOREBAY_CACHE_DIR`, else the folder of the XDG base directory specification. */
export function cacheDir(env: NodeJS.ProcessEnv): string {
  const own = env['FOREBAY_CACHE_DIR'];
  return own ? resolve(own) : join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'forebay');
}
