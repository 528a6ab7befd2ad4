/** Watches a job until it ends and shows its progress. Tolerates short outages of the API. */
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
  /** Stops watching. The job continues, and the promise rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** Called with each state of the job. An exception stops watching. */
  readonly onJob?: (job: JobWire) => Promise<void> | void;
  /** The polling interval. The first polls are more frequent, for short jobs. */
  readonly everyMs?: number;
  /** The longest tolerated outage of the API. */
  readonly maxOutageMs?: number;
}

const EVERY_MS = 250;
const FIRST_MS = 25;
const BACKOFF = 1.3;
const MAX_OUTAGE_MS = 30_000;

/** Resolves to the ended job. */
export async function followJob(options: FollowOptions): Promise<JobWire> {
  const { api, id, view, signal, everyMs = EVERY_MS, maxOutageMs = MAX_OUTAGE_MS } = options;
  let unreachableSince: number | null = null;
  for (let pause = FIRST_MS; ; pause = Math.min(everyMs, pause * BACKOFF)) {
    signal.throwIfAborted();
    try {
      const job = await api.job(id);
      unreachableSince = null;
      signal.throwIfAborted();
      view.show(job);
      await options.onJob?.(job);
      if (isTerminal(job.status)) return job;
    } catch (error) {
      if (!isOutage(error)) throw error;
      unreachableSince ??= Date.now();
      if (Date.now() - unreachableSince > maxOutageMs) throw error;
    }
    await delay(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function isOutage(error: unknown): boolean {
  return error instanceof UnreachableError || (error instanceof ProblemError && error.status === 503);
}
