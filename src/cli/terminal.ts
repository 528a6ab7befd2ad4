/**
 * Where the command writes: answers on stdout, everything else on stderr. Nothing else of the command writes there, and
 * callers give plain text: whatever in it would steer the terminal is shown escaped, wherever it came from.
 */
import { visibleLine, visibleText } from '../shared/text/visible-text.ts';

export interface Terminal {
  /** For answers: what a pipe should carry. */
  out(text: string): void;
  /** For much of it, lines of JSON: a pipe gets them unchanged. Resolves when more may be written. */
  pipe(lines: string): Promise<void>;
  /** For progress and problems. */
  err(text: string): void;
  /** Puts a line in the place of the one the cursor is in, cut to fit; an empty one clears it. For `live` only. */
  redraw(line: string): void;
  /** Whether stderr is a terminal that can redraw a line. */
  readonly live: boolean;
  /** Of that terminal; 80 where unknown. */
  columns(): number;
}

/** What a terminal writes to, byte for byte. */
export interface RawTerminal {
  /** Whether more may be written at once. */
  readonly out: (text: string) => boolean;
  readonly drained: () => Promise<void>;
  readonly err: (text: string) => void;
  /** Whether somebody looks at stdout. */
  readonly isOutShown: boolean;
  readonly live: boolean;
  readonly columns: () => number;
}

const CLEAR_LINE = '\r\u001b[2K';

export function createTerminal(raw: RawTerminal): Terminal {
  return {
    out: (text) => void raw.out(visibleText(text)),
    pipe: async (lines) => {
      if (!raw.out(raw.isOutShown ? visibleText(lines) : lines)) await raw.drained();
    },
    err: (text) => raw.err(visibleText(text)),
    // One column stays free: a full line makes some terminals wrap.
    redraw: (line) => raw.err(`${CLEAR_LINE}${visibleLine(line).slice(0, raw.columns() - 1)}`),
    live: raw.live,
    columns: raw.columns,
  };
}

export function processTerminal(): Terminal {
  const { stdout, stderr } = process;
  return createTerminal({
    out: (text) => stdout.write(text),
    drained: () => new Promise((resolve) => void stdout.once('drain', resolve)),
    err: (text) => void stderr.write(text),
    isOutShown: stdout.isTTY === true,
    live: stderr.isTTY === true && process.env['TERM'] !== 'dumb',
    columns: () => stderr.columns ?? 80,
  });
}
