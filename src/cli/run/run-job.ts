/** Runs one job on a temporary service and follows it to its end. */
import type { JobWire } from '../../api/http/wire/job.ts';
import type { Client } from '../../client/client.ts';
import type { CliContext } from '../context.ts';
import { exitCodeOfSignal, type StopSignal } from '../exit-codes.ts';
import { exitCodeOfJob } from '../jobs/job-exit-code.ts';
import { batchWarning } from '../jobs/batch-warning.ts';
import { Interrupted, modelProblem, withOwnService, type OwnService } from '../launch/own-service.ts';
import { followJob } from '../progress/follow-job.ts';
import type { ProgressView } from '../progress/progress-view.ts';
import { gatherSummary } from '../progress/gather-summary.ts';
import type { Summary } from '../progress/summary-text.ts';
import type { RunPlan } from './plan-run.ts';

export type RunEnd =
  | { readonly kind: 'ended'; readonly summary: Summary }
  /** `job` is the last known state of the job. Null if it was not submitted yet. */
  | { readonly kind: 'interrupted'; readonly signal: StopSignal; readonly job: JobWire | null };

export interface RunDeps {
  readonly plan: RunPlan;
  readonly workers: number;
  readonly view: ProgressView;
  readonly context: Pick<CliContext, 'env' | 'connect'>;
  /** Called once when the job has ended, while the service still runs. */
  readonly onSummary: (summary: Summary) => void;
  /** Ends this process immediately. Called after the processes and the folder of the run are gone. */
  readonly exitNow: (code: number) => void;
}

export async function runJob(deps: RunDeps): Promise<RunEnd> {
  return withOwnService(
    {
      ...deps,
      ...deps.plan,
      stopNote: 'Stopping when the running blocks are finished. Press Ctrl-C again to stop immediately.',
    },
    async (own) => work(deps, own),
  );
}

async function work(deps: RunDeps, own: OwnService): Promise<RunEnd> {
  const { plan, view } = deps;
  let api: Client | null = null;
  let job: JobWire | null = null;
  try {
    // Checked before the submit, so that an unusable model leaves no trace in the output.
    api = await own.start(plan.modelName);
    const warning = await own.unlessEnded(batchWarning(api, plan.body));
    if (warning !== null) view.note(warning);
    job = await own.unlessEnded(api.submit(plan.body));
    const followed = followJob({
      api,
      id: job.id,
      view,
      signal: own.signal,
      onJob: (seen) => refuseUnservable(api!, (job = seen)),
    });
    followed.catch(() => undefined);
    job = await own.unlessEnded(followed);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    await own.service.drainWorkers();
    if (api !== null && job !== null) job = await api.job(job.id).catch(() => job);
    return { kind: 'interrupted', signal: error.signal, job };
  }
  view.end();
  const summary = await gatherSummary(api, job);
  deps.onSummary(summary);
  return { kind: 'ended', summary };
}

/** A restarted worker may fail to load the model. The job would then wait forever. */
async function refuseUnservable(api: Client, job: JobWire): Promise<void> {
  if (job.reason !== 'no_worker' && job.reason !== 'model_failed') return;
  const { status, problem } = await api.model(job.model);
  if (status === 'failed' && problem !== null) {
    throw modelProblem(problem.message);
  }
}

/** The exit code for the end of a run. */
export function exitCodeOfRun(end: RunEnd, allowEmpty: boolean): number {
  if (end.kind === 'interrupted') return exitCodeOfSignal(end.signal);
  return exitCodeOfJob(end.summary.job, allowEmpty);
}
