/** Where what can be made again is kept for all runs of this user: an unpacked Redis, optimised graphs, tuned profiles. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Absolute. `FOREBAY_CACHE_DIR`, else as the XDG base directory specification says. */
export function cacheDir(env: NodeJS.ProcessEnv): string {
  const own = env['FOREBAY_CACHE_DIR'];
  return own ? resolve(own) : join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'forebay');
}
