/**
 * Lets many waiters share one AbortSignal, such as the rows of a block. They share one listener. With one listener each,
 * Node warns of a leak, and removing a listener searches the whole list.
 */

/** `stop` is null once the waiter has been removed. */
interface Waiter {
  stop: (() => void) | null;
}

const waiters = new WeakMap<AbortSignal, Set<Waiter>>();

/** Calls `stop` when the signal aborts, or immediately if it has aborted. Returns a function that cancels this. */
export function onAbort(signal: AbortSignal, stop: () => void): () => void {
  if (signal.aborted) {
    stop();
    return () => {};
  }
  const mine: Waiter = { stop };
  const all = waitersOf(signal);
  all.add(mine);
  return () => {
    // When a Set grows, its old table points to the new one. An old table in V8's old generation keeps deleted waiters
    // alive until the next major garbage collection. So a removed waiter must not refer to its operation.
    mine.stop = null;
    all.delete(mine);
  };
}

/** The listener stays as long as the signal. It costs nothing and retains nothing else. */
function waitersOf(signal: AbortSignal): Set<Waiter> {
  const known = waiters.get(signal);
  if (known !== undefined) return known;
  const all = new Set<Waiter>();
  waiters.set(signal, all);
  signal.addEventListener('abort', () => {
    for (const { stop } of all) stop?.();
    all.clear();
  });
  return all;
}
