// A terminal that remembers what it shows: lines that were cleared and redrawn are gone, as on a screen.
import type { Terminal } from '#forebay/cli/terminal.js';

export function recordingTerminal({ live }: { live: boolean }): Terminal & {
  outText: () => string;
  errText: () => string;
  /** The lines of stderr as they stand. */
  screen: () => string[];
} {
  let out = '';
  let err = '';
  return {
    out: (text) => void (out += text),
    pipe: async (text) => void (out += text),
    err: (text) => void (err += text),
    live,
    columns: () => 80,
    outText: () => out,
    errText: () => err,
    screen: () =>
      err
        .split('\n')
        .map((line) => line.slice(line.lastIndexOf('\u001b[2K') + 1).replace(/^\[2K/, ''))
        .filter((line) => line !== ''),
  };
}
