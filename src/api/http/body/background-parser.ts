/**
 * Parses large bodies in a separate thread, so that they do not block the event loop. The thread starts with the first
 * body and ends when it has been idle for a while.
 */
import { Worker } from 'node:worker_threads';
import { ForebayError, InvariantError, type ErrorCode, type Issue } from '../../../shared/errors.ts';
import type { SubmitRequest } from '../wire/submit-request.ts';
import type { Parsed } from './parse-json.ts';

export interface ParseTask {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly maxDepth: number;
}

/** The thread sends its answers in the order of its tasks. */
export type ParseAnswer =
  | { readonly parsed: Parsed<SubmitRequest> }
  | { readonly code: ErrorCode; readonly message: string; readonly issues: readonly Issue[] };

export interface BackgroundParser {
  /**
   * Transfers the bytes with their whole buffer to the thread. Rejects with the errors of parse-submit.ts, or with
   * another Error if the thread ends first.
   */
  parseSubmit(bytes: Buffer<ArrayBuffer>, maxDepth: number): Promise<Parsed<SubmitRequest>>;
}

const IDLE_MS = 10_000;
/**
 * Heap limit of the thread. A body needs a few times its size. Beyond the limit only the thread ends, not the API.
 */
const MAX_HEAP_MB = 256;

interface Pending {
  resolve(parsed: Parsed<SubmitRequest>): void;
  reject(error: Error): void;
}

interface ParserThread {
  readonly worker: Worker;
  readonly pending: Pending[];
  idle: NodeJS.Timeout | undefined;
}

export function createBackgroundParser(): BackgroundParser {
  let thread: ParserThread | null = null;

  function start(): ParserThread {
    const worker = new Worker(new URL('./parse-thread.js', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    const started: ParserThread = { worker, pending: [], idle: undefined };
    const fail = (error: Error) => {
      if (thread === started) thread = null;
      for (const task of started.pending.splice(0)) task.reject(error);
    };
    worker.on('message', (answer: ParseAnswer) => {
      const task = started.pending.shift()!;
      if (started.pending.length === 0) {
        // An idle thread must not keep the process alive.
        worker.unref();
        started.idle = setTimeout(() => {
          fail(new InvariantError('an idle thread has no tasks'));
          void worker.terminate();
        }, IDLE_MS).unref();
      }
      if ('parsed' in answer) task.resolve(answer.parsed);
      else task.reject(new ForebayError(answer.code, answer.message, { issues: answer.issues }));
    });
    worker.on('error', fail);
    worker.on('exit', (code) => fail(new InvariantError(`the parsing thread ended with ${code}`)));
    return started;
  }

  return {
    async parseSubmit(bytes, maxDepth) {
      thread ??= start();
      const { worker, pending, idle } = thread;
      clearTimeout(idle);
      worker.ref();
      return new Promise((resolve, reject) => {
        pending.push({ resolve, reject });
        worker.postMessage({ bytes, maxDepth } satisfies ParseTask, [bytes.buffer]);
      });
    },
  };
}
