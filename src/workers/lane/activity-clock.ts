/**
 * Tracks how a lane's own thread spends its time. Each moment is charged to exactly one activity, so the charges add up
 * to the elapsed time. Knows nothing of batches.
 */

/**
 * `idle`: no batch is in the lane. `decode`: opens files and decodes, or has nothing to do but wait until other threads
 * have decoded. `run`: fills tensors, runs the model, makes answers. `rest`: messages and the event loop.
 */
export type Activity = (typeof ACTIVITIES)[number];

const ACTIVITIES = ['idle', 'decode', 'run', 'rest'] as const;

export type ActivityTimes = Record<Activity, number>;

export interface ActivityClock {
  /** From now on, time is charged to this activity. Returns the previous activity. */
  enter(activity: Activity): Activity;
  /** Runs synchronous work and charges its time. */
  during<T>(activity: Activity, work: () => T): T;
  /** Milliseconds per activity since the last call. */
  take(): ActivityTimes;
  /** Sets the times since the last take aside, as if they were taken. The returned function puts them back. */
  setAside(): () => void;
}

export function createActivityClock(now: () => number = () => performance.now()): ActivityClock {
  let current: Activity = 'idle';
  let since = now();
  let times = zero();

  function enter(activity: Activity): Activity {
    const before = current;
    const time = now();
    times[before] += time - since;
    since = time;
    current = activity;
    return before;
  }

  function take(): ActivityTimes {
    enter(current);
    const taken = times;
    times = zero();
    return taken;
  }

  return {
    enter,
    take,
    setAside() {
      const aside = take();
      return () => {
        for (const activity of ACTIVITIES) times[activity] += aside[activity];
      };
    },
    during(activity, work) {
      const before = enter(activity);
      try {
        return work();
      } finally {
        enter(before);
      }
    },
  };
}

function zero(): ActivityTimes {
  return { idle: 0, decode: 0, run: 0, rest: 0 };
}
