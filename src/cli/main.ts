/** The `forebay` command. */
import { readFileSync } from 'node:fs';
import { createClient } from '../client/client.ts';
import { runProgram } from './program.ts';
import { programName } from './shell-words.ts';
import { processTerminal } from './terminal.ts';

// `forebay results ID | head` closes the pipe early, and nobody wants the rest. If a terminal closes, writes to stderr
// fail, but running processes must still be stopped in order.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
});
process.stderr.on('error', () => undefined);

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const code = await runProgram(
  {
    terminal: processTerminal(),
    env: process.env,
    cwd: process.cwd(),
    argv: process.argv.slice(2),
    program: programName(process.env, process.argv[1]),
    connect: (url, apiKey) => createClient({ url, ...(apiKey !== undefined && { apiKey }) }),
  },
  manifest.version,
);
// Idle connections must not delay the exit.
if (code !== null) process.exit(code);
