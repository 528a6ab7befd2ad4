/** Watches a job until it ends, showing its progress. Bears an API that is away for a while. */
import { setTimeout as delay } from 'node:timers/promises';
import type { JobWire } from '../../api/http/wire/job.ts';
import { isTerminal } from '../../shared/domain/job-state.ts';
import type { Client } from '../../client/client.ts';
import { ProblemError, UnreachableError } from '../../client/problem-error.ts';
import type { ProgressView } from './progress-view.ts';

export interface FollowOptions {
  readonly api: Pick<Client, 'job'>;
  readonly id: string;
  readonly view: ProgressView;
  /** Ends the watching, not the job; the promise then rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** Called with each state seen; what it throws ends the watching. */
  readonly onJob?: (job: JobWire) => Promise<void> | void;
  /** Between two looks, once the first ones have shown that the job is no short one. */
  readonly everyMs?: number;
  /** How long the API may be away. */
  readonly patienceMs?: number;
}

const EVERY_MS = 250;
const FIRST_MS = 25;
const SLOWER = 1.3;
const PATIENCE_MS = 30_000;

/** The job as it ended. */
export async function followJob(options: FollowOptions): Promise<JobWire> {
  const { api, id, view, signal, everyMs = EVERY_MS, patienceMs = PATIENCE_MS } = options;
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
      if (Date.now() - awaySince > patienceMs) throw error;
    }
    await delay(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function isAway(error: unknown): boolean {
  return error instanceof UnreachableError || (error instanceof ProblemError && error.status === 503);
}
