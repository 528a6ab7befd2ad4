/** When to restart a process that died. Pure except for its clock. */

const WINDOW_MS = 60_000;
/** After this many deaths within the window, a restart would not help. */
const MOST_DEATHS = 5;
const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 5000;

export interface RestartPolicy {
  /** Returns the milliseconds to wait before the restart, or null to give up. */
  onDeath(): number | null;
}

export function createRestartPolicy(now: () => number = Date.now): RestartPolicy {
  let deaths: number[] = [];
  return {
    onDeath() {
      const at = now();
      deaths = [...deaths.filter((death) => at - death < WINDOW_MS), at];
      if (deaths.length >= MOST_DEATHS) return null;
      return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (deaths.length - 1));
    },
  };
}
