// A terminal that records its output. `screen` leaves out lines that were cleared and redrawn.
import { createTerminal, type Terminal } from '#forebay/cli/terminal.js';

/** `isOutShown`: whether stdout is a terminal, not a pipe. */
export function recordingTerminal({
  live,
  isOutShown = false,
}: {
  live: boolean;
  isOutShown?: boolean;
}): Terminal & {
  outText: () => string;
  errText: () => string;
  /** The lines of stderr as the screen shows them now. */
  screen: () => string[];
} {
  let out = '';
  let err = '';
  const terminal = createTerminal({
    out: (text) => {
      out += text;
      return true;
    },
    drained: async () => undefined,
    err: (text) => void (err += text),
    isOutShown,
    live,
    columns: () => 80,
  });
  return {
    ...terminal,
    outText: () => out,
    errText: () => err,
    screen: () =>
      err
        .split('\n')
        .map((line) => line.slice(line.lastIndexOf('\u001b[2K') + 1).replace(/^\[2K/, ''))
        .filter((line) => line !== ''),
  };
}
