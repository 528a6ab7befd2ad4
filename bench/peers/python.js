/** The Python environments of the peers. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Unavailable } from '../harness/places.js';

const SETUP = fileURLToPath(new URL('./setup.sh', import.meta.url));

/**
 * @param {string[]} environment an argument of setup.sh; none: the environment of the peers of jobs
 * @returns {string} its interpreter. Throws Unavailable if it cannot be installed.
 */
export function peersPython(...environment) {
  try {
    return execFileSync(SETUP, environment, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  } catch (error) {
    const command = ['bench/peers/setup.sh', ...environment].join(' ');
    throw new Unavailable(`${command}: ${String(error.stderr ?? error)}`);
  }
}
