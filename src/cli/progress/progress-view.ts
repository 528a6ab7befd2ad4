/**
 * Shows progress on stderr. A terminal shows one line that is redrawn, with notes above it. Anything else gets a new
 * line every 2 s or 10 %.
 */
import type { Terminal } from '../terminal.ts';
import { barLine, finishedRows, plainLine, type JobProgress } from './progress-line.ts';
import { percentOf } from './format.ts';

export interface ProgressView {
  /** Shows what happens before there is progress. Only on terminals. */
  busy(what: string): void;
  show(job: JobProgress): void;
  /** A line that stays. */
  note(line: string): void;
  /** Ends the bar. Its last state stays on the terminal. May be called more than once. */
  end(): void;
}

const PLAIN_EVERY_MS = 2000;
const PLAIN_EVERY_PERCENT = 10;

export function createProgressView(terminal: Terminal, now: () => number = Date.now): ProgressView {
  return terminal.live ? liveView(terminal) : plainView(terminal, now);
}

/** For --quiet. */
export const SILENT_VIEW: ProgressView = {
  busy: () => undefined,
  show: () => undefined,
  note: () => undefined,
  end: () => undefined,
};

/** Shows only notes, for `plan --json`. */
export function createNotesView(terminal: Terminal): ProgressView {
  return {
    busy: () => undefined,
    show: () => undefined,
    note: (line) => terminal.err(`${line}\n`),
    end: () => undefined,
  };
}

function liveView(terminal: Terminal): ProgressView {
  let shown: string | null = null;
  /** Whether `end` leaves the line on the screen. */
  let keep = false;
  const redraw = (line: string) => {
    if (line !== shown) terminal.redraw(line);
    shown = line;
  };
  return {
    busy(what) {
      keep = false;
      redraw(`${what} ...`);
    },
    show(job) {
      keep = true;
      redraw(barLine(job, terminal.columns() - 1));
    },
    note(line) {
      if (shown !== null) terminal.redraw('');
      terminal.err(`${line}\n`);
      if (shown !== null) terminal.redraw(shown);
    },
    end() {
      if (shown !== null && keep) terminal.err('\n');
      else if (shown !== null) terminal.redraw('');
      shown = null;
    },
  };
}

function plainView(terminal: Terminal, now: () => number): ProgressView {
  let last: { at: number; step: number; line: string } | null = null;
  return {
    busy: () => undefined,
    show(job) {
      const { total } = job.rows;
      // Nothing is known yet.
      if (last === null && total === null && finishedRows(job) === 0) return;
      const step = total === null ? 0 : Math.floor(percentOf(finishedRows(job), total) / PLAIN_EVERY_PERCENT);
      const line = plainLine(job);
      if (last !== null && line === last.line) return;
      if (last !== null && step === last.step && now() - last.at < PLAIN_EVERY_MS) return;
      last = { at: now(), step, line };
      terminal.err(`${line}\n`);
    },
    note: (line) => terminal.err(`${line}\n`),
    end: () => undefined,
  };
}
