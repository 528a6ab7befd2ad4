/**
 * Lets many waiters share one AbortSignal, such as the rows of a block. They share one listener. With one listener each,
 * Node warns of a leak, and removing a listener searches the whole list.
 */

const waiters = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `stop` when the signal aborts, or immediately if it has aborted. Returns a function that cancels this. */
export function onAbort(signal: AbortSignal, stop: () => void): () => void {
  if (signal.aborted) {
    stop();
    return () => {};
  }
  const mine = () => stop();
  const all = waitersOf(signal);
  all.add(mine);
  return () => void all.delete(mine);
}

/** The listener stays as long as the signal. It costs nothing and retains nothing else. */
function waitersOf(signal: AbortSignal): Set<() => void> {
  const known = waiters.get(signal);
  if (known !== undefined) return known;
  const all = new Set<() => void>();
  waiters.set(signal, all);
  signal.addEventListener('abort', () => {
    for (const stop of all) stop();
    all.clear();
  });
  return all;
}
