/** The `forebay` command. */
import { setImmediate } from 'node:timers/promises';
import { createClient } from '../client/client.ts';
import { endWhenOutputCloses } from '../shared/process/closed-output.ts';
import { PROGRAM_VERSION } from '../shared/process/program-version.ts';
import { settleRedis } from './settle-redis.ts';
import { programName } from './shell-words.ts';
import { processTerminal } from './terminal.ts';

endWhenOutputCloses();
settleRedis(process.argv.slice(2), process.env);

const { runProgram } = await import('./program.ts');
const code = await runProgram(
  {
    terminal: processTerminal(),
    env: process.env,
    cwd: process.cwd(),
    argv: process.argv.slice(2),
    program: programName(process.env, process.argv[1]),
    connect: (url, apiKey) => createClient({ url, ...(apiKey !== undefined && { apiKey }) }),
  },
  PROGRAM_VERSION,
);
// A failed write to stdout is reported in the next turn of the event loop.
await setImmediate();
// Idle connections must not delay the exit.
if (code !== null) process.exit(code);
