/**
 * Runs one job on a service of its own and says how it went: brings the service up, submits, follows, sums
 * up, and takes everything down again, whatever happens. A stop signal drains, a second one forces.
 */
import { tmpdir } from 'node:os';
import type { JobWire } from '../../api/wire/job.ts';
import type { Client } from '../../client/client.ts';
import { ForebayError } from '../../shared/errors.ts';
import { cacheDir } from '../../shared/config/cache-dir.ts';
import type { CliContext } from '../context.ts';
import { exitCodeOfSignal, EXIT, type StopSignal } from '../exit-codes.ts';
import { createService, type Service } from '../launch/launch-service.ts';
import { readableLine } from '../launch/log-lines.ts';
import type { Ready } from '../launch/service-process.ts';
import { createStartupLog } from '../launch/startup-log.ts';
import { onStopSignals } from '../launch/stop-signals.ts';
import { makeRunFolder, removeAbandonedRunFolders, removeRunFolder } from '../launch/temp-folder.ts';
import { batchWarning } from '../jobs/batch-warning.ts';
import { groupErrors } from '../progress/error-groups.ts';
import { followJob } from '../progress/follow-job.ts';
import type { ProgressView } from '../progress/progress-view.ts';
import type { Summary } from '../progress/summary.ts';
import type { RunPlan } from './plan-run.ts';

export type RunEnd =
  | { readonly kind: 'ended'; readonly summary: Summary }
  /** `job`: as it was left; null when it was not submitted yet. */
  | { readonly kind: 'interrupted'; readonly signal: StopSignal; readonly job: JobWire | null };

export interface RunDeps {
  readonly plan: RunPlan;
  readonly workers: number;
  readonly view: ProgressView;
  readonly context: Pick<CliContext, 'env' | 'connect'>;
  /** Called once with the job as it ended, while the service still runs. */
  readonly onSummary: (summary: Summary) => void;
  /** Ends this process at once, after the run's processes and folder are gone. */
  readonly exitNow: (code: number) => void;
}

class Interrupted extends Error {
  readonly signal: StopSignal;
  constructor(signal: StopSignal) {
    super(`stopped by ${signal}`);
    this.signal = signal;
  }
}

export async function runJob(deps: RunDeps): Promise<RunEnd> {
  const { plan, view, context } = deps;
  removeAbandonedRunFolders(tmpdir());
  const folder = makeRunFolder(tmpdir());
  const log = createStartupLog((line) => view.note(line), { verbose: plan.verbose });
  const service = createService({
    redis: { dataDir: null, cacheDir: cacheDir(context.env), env: context.env, log: noteLog(view) },
    env: { ...plan.env, FOREBAY_DATA_DIR: folder },
    workers: Array.from({ length: deps.workers }, () => ({})),
    onLine: (name, line) => log.line(readableLine(name, line)),
    onNote: (line) => view.note(line),
  });
  const endNow = () => {
    service.kill();
    removeRunFolder(folder);
  };
  const stop = new AbortController();
  const ignoreSignals = onStopSignals({
    onFirst(signal) {
      view.note('Stopping: the blocks in hand are finished first. Ctrl-C again stops at once.');
      stop.abort(new Interrupted(signal));
    },
    onForced(signal) {
      view.end();
      endNow();
      deps.exitNow(exitCodeOfSignal(signal));
    },
  });
  process.on('exit', endNow);
  try {
    return await work(deps, { service, signal: stop.signal, onStarted: log.started });
  } finally {
    view.end();
    await service.stop();
    process.off('exit', endNow);
    ignoreSignals();
    removeRunFolder(folder);
  }
}

async function work(
  deps: RunDeps,
  { service, signal, onStarted }: { service: Service; signal: AbortSignal; onStarted: () => void },
): Promise<RunEnd> {
  const { plan, view } = deps;
  const failed = service.failed.then((error) => Promise.reject(error));
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  for (const promise of [failed, aborted]) promise.catch(() => undefined);
  const unlessEnded = <T>(promise: Promise<T>): Promise<T> => Promise.race([promise, failed, aborted]);

  let api: Client | null = null;
  let job: JobWire | null = null;
  try {
    view.busy('Starting');
    const { url } = await unlessEnded(service.start());
    api = deps.context.connect(url);
    view.busy('Loading the model');
    // Before the job is submitted: a model that cannot be used leaves no trace in the output.
    refuseProblems(await unlessEnded(service.workersReady()), plan.modelName);
    onStarted();
    const warning = await unlessEnded(batchWarning(api, plan.body));
    if (warning !== null) view.note(warning);
    job = await unlessEnded(api.submit(plan.body));
    const followed = followJob({
      api,
      id: job.id,
      view,
      signal,
      onJob: (seen) => refuseUnservable(api!, (job = seen)),
    });
    followed.catch(() => undefined);
    job = await unlessEnded(followed);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    await service.drainWorkers();
    if (api !== null && job !== null) job = await api.job(job.id).catch(() => job);
    return { kind: 'interrupted', signal: error.signal, job };
  }
  view.end();
  const summary = await summarise(api, job);
  deps.onSummary(summary);
  return { kind: 'ended', summary };
}

function refuseProblems(workers: readonly Ready[], model: string): void {
  const problems = workers.flatMap((worker) => worker.problems);
  const found = problems.find((problem) => problem.model === model) ?? problems[0];
  if (found) throw modelProblem(found.message);
}

function modelProblem(message: string): ForebayError {
  return new ForebayError('model_load_failed', `The model cannot be used: ${message}`);
}

/** A worker that was started again may fail to load the model: the job would wait forever. */
async function refuseUnservable(api: Client, job: JobWire): Promise<void> {
  if (job.reason !== 'no_worker') return;
  const { status, problem } = await api.model(job.model);
  if (status === 'failed' && problem !== null) {
    throw modelProblem(problem.message);
  }
}

async function summarise(api: Client, job: JobWire): Promise<Summary> {
  const stats = await api.stats(job.id).catch(() => null);
  const errors = job.rows.failed === 0 ? [] : await groupErrors(api.errors(job.id)).catch(() => []);
  return { job, stats, errors };
}

function noteLog(view: ProgressView) {
  return { info: (_fields: object, message: string) => view.note(message) };
}

/** What a run's end means for the shell. */
export function exitCodeOfRun(end: RunEnd): number {
  if (end.kind === 'interrupted') return exitCodeOfSignal(end.signal);
  return end.summary.job.status === 'completed' ? EXIT.ok : EXIT.failed;
}
