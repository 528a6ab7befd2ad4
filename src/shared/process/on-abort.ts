/**
 * Lets many waiters share one AbortSignal, such as the rows of a block. They share one listener. With one listener each,
 * Node warns of a leak, and removing a listener searches the whole list.
 */

/** `stop` is null once its waiter waits no more. */
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
    // The tables that a set outgrows point to their successors. Where one has become old, they keep what was deleted
    // until the next large garbage collection. So a waiter must not lead to the memory of its operation.
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
