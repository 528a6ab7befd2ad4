/**
 * Cleans up after killed processes. At intervals, one process at a time runs a bounded step of each chore. Chores are
 * idempotent, so losing the lease halfway does no harm.
 */
import { randomUUID } from 'node:crypto';
import { createAlarm } from '../../shared/process/alarm.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Emit } from '../../shared/observe/events.ts';
import type { Leftovers } from '../../shared/queue/jobs/leftovers.ts';
import { redisTrouble } from '../../shared/redis/redis-trouble.ts';

/** Reports an error. `job`: the job that could not be swept. */
export type SweepFailed = (error: unknown, job?: string) => void;

/**
 * Does one bounded step. Returns how much it removed or repaired, by kind. Reports the errors of single items to `failed`,
 * and continues with the others.
 */
export type Chore = (failed: SweepFailed) => Promise<Readonly<Record<string, number>>>;

export interface Sweeper {
  close(): Promise<void>;
}

const EVERY_MS = 60_000;
/** Another process replaces a dead sweeper after this many intervals. */
const LEASE_TURNS = 3;

export function startSweeper(deps: {
  leftovers: Pick<Leftovers, 'holdSweep' | 'dropSweep'>;
  chores: readonly Chore[];
  everyMs?: number;
  emit: Emit;
}): Sweeper {
  const { leftovers, everyMs = EVERY_MS, emit } = deps;
  const token = randomUUID();
  const stopping = new AbortController();
  const alarm = createAlarm();

  function failed(error: unknown, job?: string): void {
    // The Redis watch reports errors of Redis.
    if (redisTrouble(error) !== null) return;
    emit('sweep.failed', { ...(job !== undefined && { job }), error: messageOf(error) });
  }

  async function sweep(): Promise<void> {
    // The lease is kept between intervals, so that only one process sweeps, however many there are.
    if (!(await leftovers.holdSweep(token, everyMs * LEASE_TURNS))) return;
    const cleared: Record<string, number> = {};
    for (const chore of deps.chores) {
      if (stopping.signal.aborted) break;
      try {
        for (const [kind, count] of Object.entries(await chore(failed))) {
          if (count > 0) cleared[kind] = (cleared[kind] ?? 0) + count;
        }
      } catch (error) {
        failed(error);
      }
    }
    if (Object.keys(cleared).length > 0) emit('sweep.cleared', cleared);
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await alarm.wait(everyMs, stopping.signal);
      if (stopping.signal.aborted) break;
      await sweep().catch((error: unknown) => failed(error));
    }
    await leftovers.dropSweep(token).catch(() => undefined);
  }

  const running = run();
  return {
    async close() {
      stopping.abort();
      await running;
    },
  };
}
