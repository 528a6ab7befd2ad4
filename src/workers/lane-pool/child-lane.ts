/** A lane as a child process. Starts it, talks to it over its channel, and rejects pending calls when it dies. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ForebayError } from '../../shared/errors.ts';
import type { RowLimits } from '../../shared/files/row-limits.ts';
import { childEnvironment } from '../../shared/process/child-environment.ts';
import { mustAnnounce, packRequest } from '../lane/channel/wire.ts';
import type { FromLane, LoadStep, ModelInfo, ToLane } from '../lane/messages.ts';
import { describeEnd, whenEnded } from './child-end.ts';
import { kernelOomKills } from './kernel-oom-kills.ts';
import { LaneDied, ModelChanged, type BatchResult, type DeathCause, type Lane } from './lane-handle.ts';
import { DEFAULT_LOAD_TIMEOUT_MS, loadTimeoutMessage } from './load-timeout.ts';

/**
 * A lane executes one batch and decodes the next. Later batches wait in its channel, so they cannot be the cause of its
 * death. But if a batch in the lane may go ahead of others, every batch is a possible cause.
 */
const TOUCHED_AT_ONCE = 2;

const ENTRY = fileURLToPath(new URL('../lane/main.js', import.meta.url));

interface Waiter<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

interface RunningBatch extends Waiter<BatchResult> {
  readonly batch: number;
  /** Only a batch of a job has one. */
  readonly priority: number | undefined;
  /** Whether it may go ahead of batches that were sent earlier. */
  readonly mayOvertake: boolean;
}

interface Loading extends Waiter<ModelInfo> {
  /** Kills the lane if its current step takes too long. */
  timer: NodeJS.Timeout;
}

/**
 * `killed`: this process has sent SIGKILL, and the lane has not ended yet. `why` and `message` are null if the caller
 * gave no reason.
 */
type ChildState =
  | { readonly is: 'running' }
  | { readonly is: 'killed'; readonly why: DeathCause | null; readonly message: string | null }
  | { readonly is: 'ended'; readonly message: string };

export interface ChildLaneOptions {
  readonly index: number;
  /** Threads of libuv's pool in the lane: the number of images that it decodes at once. */
  readonly uvThreads: number;
  /** Number of threads that decode instead of the lane's own thread. Absent or 0: none. See ADR 18. */
  readonly decodeThreads?: number;
  /** Limits on rows, for the whole life of the lane. */
  readonly limits: RowLimits;
  /** Timeout of one step of loading a model, in ms. After it, the lane is killed. */
  readonly loadTimeoutMs?: number;
  /** Compiled entry of the lane's process and additions to its environment, for tests and benchmarks. */
  readonly entry?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Starts the process. Requests wait in its channel until it is up. Never throws: if the start fails, `exited` settles.
 */
export function startChildLane(options: ChildLaneOptions): Lane {
  const { index, uvThreads, loadTimeoutMs = DEFAULT_LOAD_TIMEOUT_MS, entry = ENTRY, env = {} } = options;
  const child = fork(entry, [String(process.pid)], {
    serialization: 'advanced',
    execArgv: [],
    // Results go over the channel. stdout is discarded, because native libraries may print to it.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: childEnvironment(process.env, {
      ORT_DISABLE_TELEMETRY: '1',
      UV_THREADPOOL_SIZE: String(uvThreads),
      // One arena of glibc per thread costs memory and gains nothing here.
      MALLOC_ARENA_MAX: '2',
      ...env,
    }),
  });
  const loads = new Map<string, Loading>();
  /**
   * In order of sending. The first is the one that executes, unless an online batch went ahead. A Map would keep old
   * batches and their answers alive until V8 collects the whole heap (ADR 21).
   */
  const batches: RunningBatch[] = [];
  let lastBatch = 0;
  let state: ChildState = { is: 'running' };
  const oomKillsBefore = kernelOomKills();

  const exited = whenEnded(child).then((end) => {
    const killed = state.is === 'killed' ? state : null;
    const message = killed?.message ?? `lane ${index} ${describeEnd(end)}`;
    state = { is: 'ended', message };
    const byKernel = end.signal === 'SIGKILL' && kernelOomKills() > oomKillsBefore;
    rejectAll(message, killed?.why ?? (byKernel ? 'out_of_memory' : 'crashed'));
    return { code: end.code, signal: end.signal };
  });

  child.on('message', (message) => receive(message as FromLane));
  send({ type: 'begin', limits: options.limits, decodeThreads: options.decodeThreads ?? 0 });

  function receive(message: FromLane): void {
    switch (message.type) {
      case 'started':
        return;
      case 'loading': {
        const load = loads.get(message.model);
        if (load === undefined) return;
        clearTimeout(load.timer);
        load.timer = boundStep(message.step);
        return;
      }
      case 'loaded':
        endLoad(message.model)?.resolve(message.info);
        return;
      case 'load_failed':
        endLoad(message.model)?.reject(new ForebayError(message.error.code, message.error.message));
        return;
      case 'stale':
        takeBatch(message.batch)?.reject(new ModelChanged(message.file));
        return;
      case 'done': {
        const { outcomes, timings } = message;
        takeBatch(message.batch)?.resolve({ outcomes, timings });
      }
    }
  }

  function takeBatch(batch: number): RunningBatch | undefined {
    const at = batches.findIndex((one) => one.batch === batch);
    return at === -1 ? undefined : batches.splice(at, 1)[0];
  }

  function boundStep(step: LoadStep): NodeJS.Timeout {
    return setTimeout(() => kill('timed_out', loadTimeoutMessage(step, loadTimeoutMs)), loadTimeoutMs);
  }

  function endLoad(model: string): Loading | undefined {
    const load = loads.get(model);
    clearTimeout(load?.timer);
    loads.delete(model);
    return load;
  }

  /** If it is called several times, the first reason given counts. */
  function kill(why: DeathCause | null = null, message: string | null = null): void {
    if (state.is !== 'ended') {
      const before = state.is === 'killed' ? state : null;
      state = { is: 'killed', why: before?.why ?? why, message: before?.message ?? message };
    }
    child.kill('SIGKILL');
  }

  function rejectAll(message: string, why: DeathCause): void {
    for (const model of loads.keys()) endLoad(model)?.reject(new LaneDied(message, true, why));
    let position = 0;
    const isInOrder = batches.every(({ mayOvertake }) => !mayOvertake);
    for (const waiter of batches.splice(0)) {
      waiter.reject(new LaneDied(message, position < TOUCHED_AT_ONCE || !isInOrder, why));
      position += 1;
    }
  }

  /** A failed send needs no handling. The process is gone, and `exited` reports it. */
  function send(message: ToLane): void {
    if (child.connected) child.send(packRequest(message), () => {});
  }

  return {
    index,
    get pid() {
      return state.is === 'ended' ? null : (child.pid ?? null);
    },
    exited,
    load: async (model) =>
      new Promise((resolve, reject) => {
        if (state.is === 'ended') return reject(new LaneDied(state.message, false));
        loads.set(model.model, { resolve, reject, timer: boundStep('start') });
        send({ type: 'load', ...model });
      }),
    run: async (batch) =>
      new Promise((resolve, reject) => {
        if (state.is === 'ended') return reject(new LaneDied(state.message, false));
        lastBatch += 1;
        const { deadlines, priority } = batch;
        const mayOvertake = deadlines !== undefined || outranks(priority, batches);
        batches.push({ batch: lastBatch, resolve, reject, priority, mayOvertake });
        if (mustAnnounce(batch)) send({ type: 'coming' });
        send({ type: 'batch', batch: lastBatch, ...batch });
      }),
    unload: (model) => send({ type: 'unload', model }),
    close: async () => {
      send({ type: 'close' });
      await exited;
    },
    kill: (why) => kill(why),
  };
}

/** Whether a batch with this priority may go ahead of one of the others. */
function outranks(priority: number | undefined, others: readonly RunningBatch[]): boolean {
  for (const other of others) if ((priority ?? 0) < (other.priority ?? 0)) return true;
  return false;
}
