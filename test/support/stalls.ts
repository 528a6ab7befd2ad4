/** How long the event loop of another process stalled, as that process itself measured it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WATCH = fileURLToPath(new URL('stall-watch.mjs', import.meta.url));
const PROMISED_MS = 100;

/** The watched process must be started with `execArgv` and `env`. */
export function watchStalls() {
  const folder = mkdtempSync(join(tmpdir(), 'forebay-stalls-'));
  const file = join(folder, 'stalls');
  writeFileSync(file, '');
  return {
    execArgv: ['--import', WATCH],
    env: { FOREBAY_TEST_STALLS: file },
    /** The longest stall since a time (ms since the epoch) and when it ended. Throws if nothing was measured. */
    longest(since: number): { ms: number; at: number } {
      const text = readFileSync(file, 'utf8').trimEnd();
      if (text === '') throw new Error('the process did not watch its event loop');
      let longest = { ms: 0, at: since };
      for (const line of text.split('\n')) {
        const [at = 0, ms = 0] = line.split(' ').map(Number);
        if (at >= since && ms > longest.ms) longest = { ms, at };
      }
      return longest;
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/**
 * How many processes want each core. A process that shares a core also waits for the others, however short its own work
 * is.
 */
export function crowd(): number {
  return Math.max(1, loadavg()[0]! / availableParallelism());
}

/** How long an event loop may stall by the clock, given the machine's current load. */
export function stallLimitMs(): number {
  return PROMISED_MS * crowd();
}

/**
 * How much processor time a stall may take. This time does not pass while other processes run, but processes that share
 * a core slow each other down.
 */
export function ownStallLimitMs(): number {
  return crowd() > 1 ? 2 * PROMISED_MS : PROMISED_MS;
}
