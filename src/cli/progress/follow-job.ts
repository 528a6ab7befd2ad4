/** Watches a job until it ends and shows its progress. Tolerates an API that is away for a while. */
import { setTimeout as delay } from 'node:timers/promises';
import type { JobWire } from '../../api/http/wire/job.ts';
import { isTerminal } from '../../shared/domain/job/job-state.ts';
import type { Client } from '../../client/client.ts';
import { ProblemError, UnreachableError } from '../../client/problem-error.ts';
import type { ProgressView } from './progress-view.ts';

export interface FollowOptions {
  readonly api: Pick<Client, 'job'>;
  readonly id: string;
  readonly view: ProgressView;
  /** Stops watching, not the job. The promise then rejects with the reason of the signal. */
  readonly signal: AbortSignal;
  /** Called with each state of the job. An exception stops watching. */
  readonly onJob?: (job: JobWire) => Promise<void> | void;
  /** The interval of polling. The first polls are closer together, for short jobs. */
  readonly everyMs?: number;
  /** How long the API may be away. */
  readonly maxAwayMs?: number;
}

const EVERY_MS = 250;
const FIRST_MS = 25;
const SLOWER = 1.3;
const MAX_AWAY_MS = 30_000;

/** Returns the job as it ended. */
export async function followJob(options: FollowOptions): Promise<JobWire> {
  const { api, id, view, signal, everyMs = EVERY_MS, maxAwayMs = MAX_AWAY_MS } = options;
  let awaySince: number | null = null;
  for (let pause = FIRST_MS; ; pause = Math.min(everyMs, pause * SLOWER)) {
    signal.throwIfAborted();
    try {
      const job = await api.job(id);
      awaySince = null;
      signal.throwIfAborted();
      view.show(job);
      await options.onJob?.(job);
      if (isTerminal(job.status)) return job;
    } catch (error) {
      if (!isAway(error)) throw error;
      awaySince ??= Date.now();
      if (Date.now() - awaySince > maxAwayMs) throw error;
    }
    await delay(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function isAway(error: unknown): boolean {
  return error instanceof UnreachableError || (error instanceof ProblemError && error.status === 503);
}
