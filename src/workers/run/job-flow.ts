/**
 * How a job's rows flow through this worker: the start of the uninterrupted flow, and the part of its time that no block
 * has reported yet. A lane's idle time counts for a job only within its flow. It does not count before the first batch or
 * after the last one, nor while the job is paused or all its blocks are with other workers.
 */

export type JobFlows = ReturnType<typeof createJobFlows>;
export type JobFlow = ReturnType<JobFlows['begin']>;

/**
 * A flow ends when the worker has had no block of the job for this long. This is well above the delay of a lost wake-up
 * (1 s), and shorter than any real pause of a job.
 */
const BREAK_MS = 10_000;

interface State {
  blocksInHand: number;
  leftAt: number;
  /** When the flow's first batch was sent. */
  since: number | null;
  /** Blocks have reported the flow's time up to here. */
  reportedTo: number;
  lastAnswerAt: number;
  commitMs: number;
  commits: number;
}

export function createJobFlows(now: () => number = () => performance.now()) {
  const jobs = new Map<string, State>();

  function forget(): void {
    for (const [job, { blocksInHand, leftAt }] of jobs) {
      if (blocksInHand === 0 && now() - leftAt > BREAK_MS) jobs.delete(job);
    }
  }

  return {
    /** The worker holds a block of the job. Call `end` when it no longer does. */
    begin(job: string) {
      forget();
      let state = jobs.get(job);
      if (!state) {
        state = {
          blocksInHand: 0,
          leftAt: 0,
          since: null,
          reportedTo: 0,
          lastAnswerAt: 0,
          commitMs: 0,
          commits: 0,
        };
        jobs.set(job, state);
      }
      const flow = state;
      flow.blocksInHand += 1;

      return {
        /** A batch with rows of the job is answered. Returns how much of its lane's preceding idle time counts, in ms. */
        answered(sentAt: number, idleMs: number): number {
          flow.since ??= flow.reportedTo = sentAt;
          flow.lastAnswerAt = now();
          return Math.max(0, Math.min(idleMs, sentAt - flow.since));
        },
        /** Milliseconds of the flow, up to its latest answer, that no block has reported yet. */
        takeFlowMs(): number {
          const ms = Math.max(0, flow.lastAnswerAt - flow.reportedTo);
          flow.reportedTo += ms;
          return ms;
        },
        /** A commit carries the stats of its block, but not its own duration. The next commit carries the duration. */
        committed(ms: number): void {
          flow.commitMs += ms;
          flow.commits += 1;
        },
        takeCommits(): { ms: number; count: number } {
          const taken = { ms: flow.commitMs, count: flow.commits };
          flow.commitMs = flow.commits = 0;
          return taken;
        },
        end(): void {
          flow.blocksInHand -= 1;
          flow.leftAt = now();
        },
      };
    },
  };
}
