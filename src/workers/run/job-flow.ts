/**
 * How a job's rows flow through this worker: since when without a break, and what of it no block has reported
 * yet. A lane's idle time counts for a job only within its flow: not before its first batch, not after its
 * last, not while it is paused or all its blocks are elsewhere.
 */

export type JobFlows = ReturnType<typeof createJobFlows>;
export type JobFlow = ReturnType<JobFlows['begin']>;

/**
 * A worker without a block of the job for so long was not starved of rows but had none to expect: well above a
 * lost wake-up (1 s), below what anybody would pause a job for.
 */
const BREAK_MS = 10_000;

interface State {
  /** Blocks in hand. */
  held: number;
  leftAt: number;
  /** The flow's first batch was sent. */
  since: number | null;
  /** Up to here blocks have reported the flow's time. */
  reportedTo: number;
  lastAnswerAt: number;
  commitMs: number;
  commits: number;
}

export function createJobFlows(now: () => number = () => performance.now()) {
  const jobs = new Map<string, State>();

  function forget(): void {
    for (const [job, { held, leftAt }] of jobs) {
      if (held === 0 && now() - leftAt > BREAK_MS) jobs.delete(job);
    }
  }

  return {
    /** A block of the job is in hand; call `end` when it no longer is. */
    begin(job: string) {
      forget();
      let state = jobs.get(job);
      if (!state) {
        state = { held: 0, leftAt: 0, since: null, reportedTo: 0, lastAnswerAt: 0, commitMs: 0, commits: 0 };
        jobs.set(job, state);
      }
      const flow = state;
      flow.held += 1;

      return {
        /** A batch with rows of the job is answered. Returns how much of its lane's idle time before it counts, ms. */
        answered(sentAt: number, idleMs: number): number {
          flow.since ??= flow.reportedTo = sentAt;
          flow.lastAnswerAt = now();
          return Math.max(0, Math.min(idleMs, sentAt - flow.since));
        },
        /** Milliseconds of flow, up to its latest answer, that were not reported before. */
        takeFlowMs(): number {
          const ms = Math.max(0, flow.lastAnswerAt - flow.reportedTo);
          flow.reportedTo += ms;
          return ms;
        },
        /** A commit carries the stats of its block, but not its own time: the next block's does. */
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
          flow.held -= 1;
          flow.leftAt = now();
        },
      };
    },
  };
}
