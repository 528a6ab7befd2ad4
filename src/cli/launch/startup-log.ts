/**
 * Lines of processes are held back until all is up: what keeps them from coming up is told as one error. Where
 * that takes long, they are shown after all: nobody should wait without knowing for what.
 */

export interface StartupLog {
  line(line: string): void;
  /** Shows what was held back; from now on lines go through. */
  readonly started: () => void;
  /** The same without showing it: it is told otherwise. */
  readonly forget: () => void;
}

const PATIENCE_MS = 5000;

/** `verbose`: nothing is held back. */
export function createStartupLog(
  show: (line: string) => void,
  { verbose, patienceMs = PATIENCE_MS }: { verbose: boolean; patienceMs?: number },
): StartupLog {
  let held: string[] | null = verbose ? null : [];
  const timer = setTimeout(started, patienceMs);
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
