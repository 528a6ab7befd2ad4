/** How fast a job's blocks are committed. Pure except for the clock. */

/** Speed is measured over at least this time. */
const SPEED_MS = 200;

/**
 * The returned function takes the blocks committed so far, and returns blocks per second over the last interval. Blocks
 * that were committed before its first call do not count.
 */
export function createCommitSpeed(now: () => number = () => performance.now()): (done: number) => number {
  let mark: { at: number; done: number; blocksPerS: number } | null = null;
  return (done) => {
    const at = now();
    mark ??= { at, done, blocksPerS: 0 };
    const ms = at - mark.at;
    if (ms >= SPEED_MS) mark = { at, done, blocksPerS: ((done - mark.done) / ms) * 1000 };
    return mark.blocksPerS;
  };
}
