/** Where the command writes: answers on stdout, everything else on stderr. */

export interface Terminal {
  /** For answers: what a pipe should carry. */
  out(text: string): void;
  /** The same for much of it: resolves when more may be written. */
  pipe(text: string): Promise<void>;
  /** For progress and problems. */
  err(text: string): void;
  /** Whether stderr is a terminal that can redraw a line. */
  readonly live: boolean;
  /** Of that terminal; 80 where unknown. */
  columns(): number;
}

export function processTerminal(): Terminal {
  return {
    out: (text) => void process.stdout.write(text),
    pipe: (text) =>
      process.stdout.write(text)
        ? Promise.resolve()
        : new Promise((resolve) => void process.stdout.once('drain', resolve)),
    err: (text) => void process.stderr.write(text),
    live: process.stderr.isTTY === true && process.env['TERM'] !== 'dumb',
    columns: () => process.stderr.columns ?? 80,
  };
}
