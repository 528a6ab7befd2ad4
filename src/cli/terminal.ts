/**
 * All output of the command. Answers go to stdout, everything else to stderr. Control characters are escaped, so that no
 * text can control the terminal, whatever its source.
 */
import { visibleLine, visibleText } from '../shared/text/visible-text.ts';

export interface Terminal {
  /** For answers, which a pipe should carry. */
  out(text: string): void;
  /** For many lines of JSON. A pipe gets them unchanged. Resolves when more may be written. */
  pipe(lines: string): Promise<void>;
  /** For progress and problems. */
  err(text: string): void;
  /** Replaces the line at the cursor, cut to fit. An empty text clears it. Only for `live`. */
  redraw(line: string): void;
  /** Whether stderr is a terminal that can redraw a line. */
  readonly live: boolean;
  /** Columns of that terminal, or 80 if unknown. */
  columns(): number;
}

/** The streams that a terminal writes to, unescaped. */
export interface RawTerminal {
  /** Returns whether the caller may write more immediately. */
  readonly out: (text: string) => boolean;
  readonly drained: () => Promise<void>;
  readonly err: (text: string) => void;
  /** Whether stdout is a screen. */
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
    // One column stays free, because some terminals wrap a full line.
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
