/**
 * Divides elapsed time among parallel activities. While n of them run, each is charged 1/n of the time. The charges add up
 * to the time during which any of them ran, not to a multiple of it.
 */

export interface SharedClock {
  /** Starts a charge. The returned function ends it and returns its milliseconds. */
  start(): () => number;
  /** Milliseconds during which any of them has run so far. */
  ranMs(): number;
}

export function createSharedClock(now: () => number = () => performance.now()): SharedClock {
  let running = 0;
  let at = 0;
  /** Milliseconds charged to an activity that has run from the beginning. */
  let charged = 0;
  let ran = 0;

  function advance(): void {
    const time = now();
    if (running > 0) {
      charged += (time - at) / running;
      ran += time - at;
    }
    at = time;
  }

  return {
    start() {
      advance();
      running += 1;
      const before = charged;
      return () => {
        advance();
        running -= 1;
        return charged - before;
      };
    },
    ranMs() {
      advance();
      return ran;
    },
  };
}
