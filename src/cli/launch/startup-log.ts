/**
 * Holds back the log lines of processes until all have started, because a failed start is reported as one error. During
 * a long start it shows the lines, so that the user sees what the start waits for.
 */

export interface StartupLog {
  line(line: string): void;
  /** Shows the lines that were held back. Later lines pass through. */
  readonly started: () => void;
  /** Drops the lines that were held back. Later lines pass through. */
  readonly forget: () => void;
}

const SHOW_AFTER_MS = 5000;

/** With `verbose`, nothing is held back. */
export function createStartupLog(
  show: (line: string) => void,
  { verbose, showAfterMs = SHOW_AFTER_MS }: { verbose: boolean; showAfterMs?: number },
): StartupLog {
  let held: string[] | null = verbose ? null : [];
  const timer = setTimeout(started, showAfterMs);
  timer.unref();

  function started(): void {
    clearTimeout(timer);
    for (const line of held ?? []) show(line);
    held = null;
  }

  return {
    line(line) {
      if (held === null) show(line);
      else held.push(line);
    },
    started,
    forget() {
      clearTimeout(timer);
      held = null;
    },
  };
}
