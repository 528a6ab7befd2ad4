/**
 * Runs a task on a temporary service, and always stops the service afterwards. The first stop signal drains it. The
 * second one kills it.
 */
import { tmpdir } from 'node:os';
import type { Client } from '../../client/client.ts';
import { cacheDir } from '../../shared/config/cache-dir.ts';
import { ForebayError } from '../../shared/errors.ts';
import type { CliContext } from '../context.ts';
import { exitCodeOfSignal, type StopSignal } from '../exit-codes.ts';
import type { ProgressView } from '../progress/progress-view.ts';
import { createService, type Service } from './launch-service.ts';
import { readableLine } from '../../shared/observe/readable-line.ts';
import type { Ready } from './service-process.ts';
import { createStartupLog } from './startup-log.ts';
import { onStopSignals } from './stop-signals.ts';
import { makeRunFolder, removeAbandonedRunFolders, removeRunFolder } from './temp-folder.ts';

export interface OwnServiceDeps {
  /** The environment of all processes, without the data folder, which is added here. */
  readonly env: NodeJS.ProcessEnv;
  /** Whether the user asked for log lines. */
  readonly verbose: boolean;
  readonly workers: number;
  readonly view: ProgressView;
  readonly context: Pick<CliContext, 'env' | 'connect'>;
  /** Ends this process immediately. Called after the processes and the folder of the service are gone. */
  readonly exitNow: (code: number) => void;
  /** The line to show at the first stop signal. */
  readonly stopNote: string;
}

export interface OwnService {
  readonly service: Service;
  /** A stop signal aborts it, with Interrupted as the reason. */
  readonly signal: AbortSignal;
  /**
   * Resolves when every worker has loaded the model. Rejects with `model_load_failed` if one cannot. Also rejects if
   * the service fails or the user stops it.
   */
  start(modelName: string): Promise<Client>;
  /** Settles like `promise`, but rejects early if the service fails or the user stops it. */
  unlessEnded<T>(promise: Promise<T>): Promise<T>;
}

/** The error of a task that a stop signal ended. */
export class Interrupted extends Error {
  readonly signal: StopSignal;
  constructor(signal: StopSignal) {
    super(`stopped by ${signal}`);
    this.signal = signal;
  }
}

export async function withOwnService<T>(
  deps: OwnServiceDeps,
  task: (own: OwnService) => Promise<T>,
): Promise<T> {
  const { view, context } = deps;
  removeAbandonedRunFolders(tmpdir());
  const folder = makeRunFolder(tmpdir());
  const log = createStartupLog((name, line) => view.note(readableLine(name, line)), {
    verbose: deps.verbose,
  });
  const service = createService({
    redis: {
      takesUrl: false,
      dataDir: null,
      cacheDir: cacheDir(context.env),
      env: context.env,
      log: noteLog(view),
    },
    env: { ...deps.env, FOREBAY_DATA_DIR: folder },
    workers: Array.from({ length: deps.workers }, () => ({})),
    onLine: log.line,
    onNote: (line) => view.note(line),
  });
  const endNow = () => {
    service.kill();
    removeRunFolder(folder);
  };
  const stop = new AbortController();
  const ignoreSignals = onStopSignals({
    onFirst(signal) {
      view.note(deps.stopNote);
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
    return await task(ownService(deps, { service, signal: stop.signal, onStarted: log.started }));
  } catch (error) {
    if (!(error instanceof Interrupted)) log.failed();
    throw error;
  } finally {
    view.end();
    await service.stop();
    process.off('exit', endNow);
    ignoreSignals();
    removeRunFolder(folder);
  }
}

function ownService(
  { view, context }: OwnServiceDeps,
  { service, signal, onStarted }: { service: Service; signal: AbortSignal; onStarted: () => void },
): OwnService {
  const failed = service.failed.then((error) => Promise.reject(error));
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  for (const promise of [failed, aborted]) promise.catch(() => undefined);
  const unlessEnded = <T>(promise: Promise<T>): Promise<T> => Promise.race([promise, failed, aborted]);
  return {
    service,
    signal,
    unlessEnded,
    async start(modelName) {
      view.busy('Starting');
      const { url } = await unlessEnded(service.start());
      view.busy('Loading the model');
      refuseProblems(await unlessEnded(service.workersReady()), modelName);
      onStarted();
      return context.connect(url, undefined);
    },
  };
}

function refuseProblems(workers: readonly Ready[], model: string): void {
  const problems = workers.flatMap((worker) => worker.problems);
  const found = problems.find((problem) => problem.model === model) ?? problems[0];
  if (found) throw modelProblem(found.message);
}

export function modelProblem(message: string): ForebayError {
  return new ForebayError('model_load_failed', `The model cannot be used: ${message}`);
}

function noteLog(view: ProgressView) {
  return { info: (_fields: object, message: string) => view.note(message) };
}
