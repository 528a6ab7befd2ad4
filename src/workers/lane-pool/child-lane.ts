/** A lane as a child process: forked, talked to over its channel, and outlived. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../../shared/process/child-environment.ts';
import { ForebayError, messageOf } from '../../shared/errors.ts';
import { NODE_FLAGS } from '../../shared/process/node-flags.ts';
import type { FromLane, LoadRequest, LoadStep, ModelInfo, ToLane } from '../lane/messages.ts';
import { kernelOomKills } from './kernel-oom-kills.ts';
import { DEFAULT_LOAD_MS, stuckIn } from './load-step.ts';
import { LaneDied, ModelChanged, type BatchResult, type DeathCause, type Lane } from './lane-handle.ts';

/** A lane executes one batch and decodes the next; later ones lie in its channel. */
const TOUCHED_AT_ONCE = 2;

const ENTRY = fileURLToPath(new URL('../lane/main.js', import.meta.url));

interface Waiter<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

interface Loading extends Waiter<ModelInfo> {
  /** Kills the lane where the step that it is in takes too long. */
  timer: NodeJS.Timeout;
}

export interface ChildLaneOptions {
  readonly index: number;
  /** Threads of the lane's pool: how many images it decodes at a time. */
  readonly uvThreads: number;
  /** Longest that one step of loading a model may take, ms, before the lane is killed. */
  readonly loadTimeoutMs?: number;
  /** Compiled entry of the lane's process, and what it finds in its environment besides; for tests and benchmarks. */
  readonly entry?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the process; what it is asked meanwhile waits in its channel. Never throws: see `exited`. */
export function startChildLane(options: ChildLaneOptions): Lane {
  const { index, uvThreads, loadTimeoutMs = DEFAULT_LOAD_MS, entry = ENTRY, env = {} } = options;
  const child = fork(entry, [String(process.pid)], {
    serialization: 'advanced',
    execArgv: NODE_FLAGS,
    // Results go over the channel; whatever a native library prints must not get into ours.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: childEnvironment(process.env, {
      ORT_DISABLE_TELEMETRY: '1',
      UV_THREADPOOL_SIZE: String(uvThreads),
      // glibc's arena per thread costs memory and brings nothing here (211 -> 162 MB after 1,500 decodes).
      MALLOC_ARENA_MAX: '2',
      ...env,
    }),
  });
  const loads = new Map<string, Loading>();
  /** By batch number, in order of sending: the first is the one being executed. */
  const batches = new Map<number, Waiter<BatchResult>>();
  let lastBatch = 0;
  let ended: string | null = null;
  let killedFor: DeathCause | null = null;
  let stuck: string | null = null;
  const oomKillsBefore = kernelOomKills();

  const exited = whenEnded(child).then((end) => {
    ended = stuck ?? `lane ${index} ${describeEnd(end)}`;
    const byKernel = end.signal === 'SIGKILL' && kernelOomKills() > oomKillsBefore;
    rejectAll(ended, killedFor ?? (byKernel ? 'out_of_memory' : 'crashed'));
    return { code: end.code, signal: end.signal };
  });

  child.on('message', (message) => receive(message as FromLane));

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
        batches.get(message.batch)?.reject(new ModelChanged(message.file));
        batches.delete(message.batch);
        return;
      case 'done': {
        const { outcomes, timings } = message;
        batches.get(message.batch)?.resolve({ outcomes, timings });
        batches.delete(message.batch);
      }
    }
  }

  function boundStep(step: LoadStep): NodeJS.Timeout {
    return setTimeout(() => {
      stuck = stuckIn(step, loadTimeoutMs);
      kill('timed_out');
    }, loadTimeoutMs);
  }

  function endLoad(model: string): Loading | undefined {
    const load = loads.get(model);
    clearTimeout(load?.timer);
    loads.delete(model);
    return load;
  }

  function kill(why?: DeathCause): void {
    killedFor ??= why ?? null;
    child.kill('SIGKILL');
  }

  function rejectAll(message: string, why: DeathCause): void {
    for (const model of loads.keys()) endLoad(model)?.reject(new LaneDied(message, true, why));
    let position = 0;
    for (const waiter of batches.values()) {
      waiter.reject(new LaneDied(message, position < TOUCHED_AT_ONCE, why));
      position += 1;
    }
    batches.clear();
  }

  /** A failed send needs no handling of its own: the process is gone and `exited` says so. */
  function send(message: ToLane): void {
    if (child.connected) child.send(message, () => {});
  }

  return {
    index,
    get pid() {
      return ended === null ? (child.pid ?? null) : null;
    },
    exited,
    load: async (request: Omit<LoadRequest, 'type'>) =>
      new Promise((resolve, reject) => {
        if (ended !== null) return reject(new LaneDied(ended, false));
        loads.set(request.model, { resolve, reject, timer: boundStep('start') });
        send({ type: 'load', ...request });
      }),
    run: async (request) =>
      new Promise((resolve, reject) => {
        if (ended !== null) return reject(new LaneDied(ended, false));
        lastBatch += 1;
        batches.set(lastBatch, { resolve, reject });
        send({ type: 'batch', batch: lastBatch, ...request });
      }),
    unload: (model) => send({ type: 'unload', model }),
    close: async () => {
      send({ type: 'close' });
      await exited;
    },
    kill,
  };
}

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly startError: string | null;
}

/** Only when the channel is drained too: answers sent before the end still count. */
async function whenEnded(child: ChildProcess): Promise<End> {
  return new Promise((resolve) => {
    let end: End | null = null;
    const settle = () => {
      if (end !== null && !child.connected) resolve(end);
    };
    child.once('exit', (code, signal) => {
      end = { code, signal, startError: null };
      settle();
    });
    child.once('disconnect', settle);
    child.on('error', (error) => {
      if (child.pid !== undefined) return;
      resolve({ code: null, signal: null, startError: messageOf(error) });
    });
  });
}

function describeEnd({ code, signal, startError }: End): string {
  if (startError !== null) return `could not be started: ${startError}`;
  return signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`;
}
