/**
 * Runs the tasks that write files, in a thread of its own. Decoding, sorting and encoding would take seconds of the
 * main thread, which feeds the lanes and renews locks. The thread starts with the first task, and ends when there has
 * been none for a while.
 */
import { Worker } from 'node:worker_threads';
import { createSemaphore } from '../../shared/process/semaphore.ts';
import {
  fromSent,
  toSent,
  type FromThread,
  type TaskToWrite,
  type ThreadStart,
  type ToThread,
} from './thread/messages.ts';
import type { WrittenFiles } from './write-files.ts';

export interface FilesOfRun extends TaskToWrite {
  /** Whether the run may publish. */
  readonly permit: () => Promise<boolean>;
  readonly signal: AbortSignal;
}

export interface Compactor {
  /** Null if the run may not publish. Rejects as `writeFiles` does, and if the thread ends. */
  write(run: FilesOfRun): Promise<WrittenFiles | null>;
}

/** While one task waits for the storage, another one computes. */
const AT_ONCE = 2;
const IDLE_MS = 5_000;
const ENTRY = new URL('./thread/main.js', import.meta.url);

interface Underway {
  readonly run: FilesOfRun;
  readonly resolve: (written: WrittenFiles | null) => void;
  readonly reject: (error: Error) => void;
}

export function createCompactor(workerData: ThreadStart): Compactor {
  const underway = new Map<number, Underway>();
  const atOnce = createSemaphore(AT_ONCE);
  let thread: Worker | null = null;
  let idle: NodeJS.Timeout | undefined;
  let last = 0;

  function startThread(): Worker {
    // Like a decode thread, it inherits no preloads.
    const started = new Worker(ENTRY, { workerData, execArgv: [] });
    const send = (message: ToThread) => started.postMessage(message);
    started.on('message', (message: FromThread) => void receive(message, send));
    started.on('error', (error) => lose(started, error));
    started.on('exit', () => lose(started, new Error('the compaction thread has ended')));
    // It must not keep a worker alive that has stopped.
    started.unref();
    return started;
  }

  /** The runs of its tasks fail, and other runs follow. */
  function lose(lost: Worker, error: Error): void {
    if (thread !== lost) return;
    thread = null;
    for (const { reject } of underway.values()) reject(error);
  }

  async function receive(message: FromThread, send: (message: ToThread) => void): Promise<void> {
    const { id } = message;
    const of = underway.get(id);
    if (message.type === 'written') of?.resolve(message.written);
    else if (message.type === 'failed') of?.reject(fromSent(message.error));
    else {
      const answer = (of === undefined ? Promise.resolve(false) : of.run.permit()).then(
        (may): ToThread => ({ type: 'permit', id, may }),
        (error: unknown): ToThread => ({ type: 'permit_failed', id, error: toSent(error) }),
      );
      send(await answer);
    }
  }

  async function write(run: FilesOfRun): Promise<WrittenFiles | null> {
    const { spec, task, token, signal } = run;
    signal.throwIfAborted();
    clearTimeout(idle);
    const current = (thread ??= startThread());
    const id = (last += 1);
    const abort = () => current.postMessage({ type: 'abort', id } satisfies ToThread);
    signal.addEventListener('abort', abort);
    try {
      return await new Promise((resolve, reject) => {
        underway.set(id, { run, resolve, reject });
        current.postMessage({ type: 'write', id, files: { spec, task, token } } satisfies ToThread);
      });
    } finally {
      signal.removeEventListener('abort', abort);
      underway.delete(id);
      if (underway.size === 0) idle = setTimeout(end, IDLE_MS).unref();
    }
  }

  function end(): void {
    const ended = thread;
    thread = null;
    void ended?.terminate();
  }

  return { write: async (run) => atOnce.use(async () => write(run)) };
}
