/** Gives an operation a deadline, in addition to the signal of its caller. */
import { onAbort } from '../process/on-abort.ts';

/** One operation. It must stop when `caller` aborts or the time is over. */
export interface Attempt {
  readonly caller: AbortSignal;
  /** Aborts when the operation must stop. It is created on first use, because signals are slow (ADR 15). */
  readonly stop: AbortSignal;
  /** Whether the operation must stop. */
  readonly isOver: boolean;
  /** Calls `stop` when the operation must stop, or at once if it must already. Replaces the earlier `stop`. */
  onOver(stop: () => void): void;
}

/** Rejects as `operation` does, or with the caller's reason when the caller aborts. */
export async function withDeadline<T>(
  timeoutMs: number,
  caller: AbortSignal,
  operation: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  caller.throwIfAborted();
  const attempt = new RunningAttempt(caller);
  const end = () => attempt.end();
  const timer = setTimeout(end, timeoutMs);
  const undo = onAbort(caller, end);
  try {
    return await operation(attempt);
  } catch (error) {
    caller.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    undo();
  }
}

/** A class, because an object literal would create its getters anew for each object, which is slow. */
class RunningAttempt implements Attempt {
  readonly caller: AbortSignal;
  isOver = false;
  // AbortSignal.any would leak on Node 20, where a long-lived signal retains all signals that were derived from it.
  #controller: AbortController | null = null;
  #told: (() => void) | null = null;

  constructor(caller: AbortSignal) {
    this.caller = caller;
  }

  get stop(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.isOver) this.#controller.abort();
    return this.#controller.signal;
  }

  onOver(stop: () => void): void {
    this.#told = stop;
    if (this.isOver) stop();
  }

  end(): void {
    this.isOver = true;
    this.#controller?.abort();
    this.#told?.();
  }
}
