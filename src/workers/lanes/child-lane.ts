/** A lane as a child process: forked, talked to over its channel, and outlived. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../../shared/child-environment.ts';
import { ForebayError, messageOf } from '../../shared/errors.ts';
import { NODE_FLAGS } from '../../shared/node-flags.ts';
import type { FromLane, LoadRequest, ModelInfo, ToLane } from '../lane/messages.ts';
import { kernelOomKills } from './kernel-oom-kills.ts';
import { LaneDied, type BatchResult, type DeathCause, type Lane } from './lane.ts';

/** A lane executes one batch and decodes the next; later ones lie in its channel. */
const TOUCHED_AT_ONCE = 2;

const ENTRY = fileURLToPath(new URL('../lane/main.js', import.meta.url));

interface Waiter<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

export interface ChildLaneOptions {
  readonly index: number;
  /** Threads of the lane's pool: how many images it decodes at a time. */
  readonly uvThreads: number;
  /** Compiled entry of the lane's process; for tests. */
  readonly entry?: string;
}

/** Starts the process; what it is asked meanwhile waits in its channel. Never throws: see `exited`. */
export function startChildLane({ index, uvThreads, entry = ENTRY }: ChildLaneOptions): Lane {
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
    }),
  });
  const loads = new Map<string, Waiter<ModelInfo>>();
  /** By batch number, in order of sending: the first is the one being executed. */
  const batches = new Map<number, Waiter<BatchResult>>();
  let lastBatch = 0;
  let ended: string | null = null;
  let killedFor: DeathCause | null = null;
  const oomKillsBefore = kernelOomKills();

  const exited = whenEnded(child).then((end) => {
    ended = `lane ${index} ${describeEnd(end)}`;
    const byKernel = end.signal === 'SIGKILL' && kernelOomKills() > oomKillsBefore;
    rejectAll(ended, killedFor ?? (byKernel ? 'out_of_memory' : 'crashed'));
    return { code: end.code, signal: end.signal };
  });

  child.on('message', (message) => receive(message as FromLane));

  function receive(message: FromLane): void {
    switch (message.type) {
      case 'started':
        return;
      case 'loaded':
        loads.get(message.model)?.resolve(message.info);
        loads.delete(message.model);
        return;
      case 'load_failed':
        loads.get(message.model)?.reject(new ForebayError(message.error.code, message.error.message));
        loads.delete(message.model);
        return;
      case 'done': {
        const { outcomes, timings } = message;
        batches.get(message.batch)?.resolve({ outcomes, timings });
        batches.delete(message.batch);
      }
    }
  }

  function rejectAll(message: string, why: DeathCause): void {
    for (const waiter of loads.values()) waiter.reject(new LaneDied(message, true, why));
    loads.clear();
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
        loads.set(request.model, { resolve, reject });
        send({ type: 'load', ...request });
      }),
    run: async (request) =>
      new Promise((resolve, reject) => {
        if (ended !== null) return reject(new LaneDied(ended, false));
        lastBatch += 1;
        batches.set(lastBatch, { resolve, reject });
        send({ type: 'batch', batch: lastBatch, ...request });
      }),
    close: async () => {
      send({ type: 'close' });
      await exited;
    },
    kill: (why) => {
      killedFor ??= why ?? null;
      child.kill('SIGKILL');
    },
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
