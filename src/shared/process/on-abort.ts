/**
 * Many waiters on one AbortSignal, as the rows of a block are. The signal gets one listener for all of them: with one each
 * Node warns of a leak from the eleventh on, and removing one searches a list of all.
 */

const waiters = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `stop` once the signal aborts, at once where it has. Call what it returns when that no longer matters. */
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

/** The listener stays as long as the signal: it costs nothing and holds nothing else. */
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
