/**
 * Holds back the log lines of processes until all have started. During a long start it shows them, so that the user sees
 * what the start waits for. A failed start is reported as one error, so lines with the same message are never shown,
 * however long the start took. What a model's code and libraries print is always shown, because it may say more.
 */
import type { EventName } from '../../shared/observe/events.ts';
import { logRecord } from '../../shared/observe/log-record.ts';

export interface StartupLog {
  /** `name`: the process that wrote the line. */
  readonly line: (name: string, line: string) => void;
  /** Shows the lines that were held back. Later lines pass through. */
  readonly started: () => void;
  /** Shows what was printed, and drops the log records that were held back. Applies to later lines, too. */
  readonly failed: () => void;
  /** Drops the lines that were held back. Later lines pass through. */
  readonly forget: () => void;
}

/**
 * - `starting`: all lines are held back. Next: any other state.
 * - `waiting`: the start takes long. Only lines that repeat a failure are held back. Next: `failed` or `open`.
 * - `failed`: only prints are shown, and nothing is held back.
 * - `open`: all lines are shown.
 */
type State = 'starting' | 'waiting' | 'failed' | 'open';
/** `failure`: its message also goes to the launcher. */
type Kind = 'print' | 'record' | 'failure';

const SHOWN: Readonly<Record<State, readonly Kind[]>> = {
  starting: [],
  waiting: ['print', 'record'],
  failed: ['print'],
  open: ['print', 'record', 'failure'],
};
const SHOW_AFTER_MS = 5000;
const FAILURES: readonly EventName[] = ['lane.load_failed', 'model.failed', 'worker.serves_nothing'];
/** The last words of a process that cannot start. */
const LAST_WORDS = /^forebay (api|worker): /;

/** With `verbose`, nothing is held back. */
export function createStartupLog(
  show: (name: string, line: string) => void,
  { verbose, showAfterMs = SHOW_AFTER_MS }: { verbose: boolean; showAfterMs?: number },
): StartupLog {
  let state: State = verbose ? 'open' : 'starting';
  let held: { readonly name: string; readonly line: string; readonly kind: Kind }[] = [];
  const timer = setTimeout(() => enter('waiting'), showAfterMs);
  timer.unref();

  function enter(next: Exclude<State, 'starting'>): void {
    if (state === 'open') return;
    state = next;
    if (next !== 'waiting') clearTimeout(timer);
    const earlier = held;
    held = [];
    for (const one of earlier) add(one);
  }

  function add(one: (typeof held)[number]): void {
    if (SHOWN[state].includes(one.kind)) show(one.name, one.line);
    else if (state !== 'failed') held.push(one);
  }

  return {
    line: (name, line) => add({ name, line, kind: kindOf(line) }),
    started: () => enter('open'),
    failed: () => enter('failed'),
    forget() {
      held = [];
      enter('open');
    },
  };
}

function kindOf(line: string): Kind {
  if (LAST_WORDS.test(line)) return 'failure';
  const record = logRecord(line);
  if (record === null) return 'print';
  return FAILURES.some((event) => event === record['event']) ? 'failure' : 'record';
}
