/**
 * Large bodies, of which few are in memory at a time, and which are parsed beside the API's thread: a million rows take
 * a second of a core. The thread is started when it is needed and ends when it has been idle.
 */
import { Worker } from 'node:worker_threads';
import { ForebayError, InvariantError, type ErrorCode, type Issue } from '../../../shared/errors.ts';
import type { SubmitRequest } from '../wire/submit-request.ts';
import type { Parsed } from './parse-json.ts';

export interface ParseTask {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly maxDepth: number;
}

/** What the thread answers, in the order of its tasks. */
export type ParseAnswer =
  | { readonly parsed: Parsed<SubmitRequest> }
  | { readonly code: ErrorCode; readonly message: string; readonly issues: readonly Issue[] };

export interface LargeBodies {
  /**
   * Waits until a large body may be read; the caller must call the function that it gets when the request is done.
   * Throws ForebayError `too_many_large_requests`.
   */
  admit(): Promise<() => void>;
  /** Takes the bytes over, with all their buffer. Throws ForebayError, as parseSubmit does. */
  parseSubmit(bytes: Buffer<ArrayBuffer>, maxDepth: number): Promise<Parsed<SubmitRequest>>;
}

/** In memory at a time: 16 MB each, and as much again when their rows are packed. */
const MAX_HELD = 4;
/** That wait, with a little of each read. */
const MAX_WAITING = 32;
const IDLE_MS = 10_000;
/** Of the thread. A body takes a few times its size there; what takes more ends the thread, not the API. */
const MAX_HEAP_MB = 256;

interface Pending {
  resolve(parsed: Parsed<SubmitRequest>): void;
  reject(error: Error): void;
}

export function createLargeBodies(): LargeBodies {
  let held = 0;
  const waiting: (() => void)[] = [];
  let thread: { worker: Worker; pending: Pending[]; idle: NodeJS.Timeout | undefined } | null = null;

  function release(): void {
    const next = waiting.shift();
    if (next) next();
    else held -= 1;
  }

  function start() {
    const worker = new Worker(new URL('./parse-thread.js', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    const started: NonNullable<typeof thread> = { worker, pending: [], idle: undefined };
    const fail = (error: Error) => {
      if (thread === started) thread = null;
      for (const task of started.pending.splice(0)) task.reject(error);
    };
    worker.on('message', (answer: ParseAnswer) => {
      const task = started.pending.shift()!;
      if (started.pending.length === 0) {
        // An idle thread keeps no process from its end.
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
    async admit() {
      if (held < MAX_HELD) held += 1;
      else if (waiting.length < MAX_WAITING) await new Promise<void>((resolve) => waiting.push(resolve));
      else {
        throw new ForebayError(
          'too_many_large_requests',
          'The service is busy with other large requests; try again soon.',
          { retryAfterS: 1 },
        );
      }
      return release;
    },
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
