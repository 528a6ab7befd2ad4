/**
 * What a lane's one thread does with its time: at any moment it is charged to exactly one activity, so that the
 * charges add up to the time that passed. Knows nothing of batches.
 */

/**
 * `idle`: no batch in the lane. `decode`: opening files and decoding, or waiting for decode threads with nothing else to do.
 * `run`: filling tensors, the model, answers. `rest`: messages and the event loop.
 */
export type LaneActivity = 'idle' | 'decode' | 'run' | 'rest';

export type LaneTimes = Record<LaneActivity, number>;

export interface LaneClock {
  /** Time is charged to it from now on. Returns what it was charged to. */
  enter(activity: LaneActivity): LaneActivity;
  /** Charges work that is done when the call returns. */
  during<T>(activity: LaneActivity, work: () => T): T;
  /** Milliseconds by activity since the last call. */
  take(): LaneTimes;
}

export function createLaneClock(now: () => number = () => performance.now()): LaneClock {
  let current: LaneActivity = 'idle';
  let since = now();
  let times = zero();

  function enter(activity: LaneActivity): LaneActivity {
    const before = current;
    const time = now();
    times[before] += time - since;
    since = time;
    current = activity;
    return before;
  }

  return {
    enter,
    during(activity, work) {
      const before = enter(activity);
      try {
        return work();
      } finally {
        enter(before);
      }
    },
    take() {
      enter(current);
      const taken = times;
      times = zero();
      return taken;
    },
  };
}

function zero(): LaneTimes {
  return { idle: 0, decode: 0, run: 0, rest: 0 };
}
