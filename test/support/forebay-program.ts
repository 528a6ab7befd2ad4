// Runs `forebay` commands without a process for each, for commands that only print, change files or call a service.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { runProgram } from '#forebay/cli/program.js';
import { createClient } from '#forebay/client/client.js';
import { recordingTerminal } from './recording-terminal.ts';

export interface Answer {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs in this process. `cwd` is the folder of the commands. */
export async function forebay(
  { cwd, env = {} }: { cwd: string; env?: Record<string, string> },
  ...argv: string[]
): Promise<Answer> {
  const terminal = recordingTerminal({ live: false });
  const context = {
    terminal,
    env: { ...process.env, ...env },
    cwd,
    argv,
    program: 'forebay',
    connect: (url: string, apiKey: string | undefined) =>
      createClient({ url, ...(apiKey !== undefined && { apiKey }) }),
  };
  const code = await runProgram(context, '1.2.3');
  return { code, out: terminal.outText(), err: terminal.errText() };
}

/** Runs its commands one after the other in one other process, for settings that a process reads only when it starts. */
export function forebayProcess(cwd: string, env: Record<string, string>) {
  const child = fork(fileURLToPath(new URL('command-runner.mjs', import.meta.url)), {
    cwd,
    env: { ...process.env, ...env },
    execArgv: [],
  });
  const ended = once(child, 'exit');
  const died = ended.then(() => {
    throw new Error('the process that runs commands has ended');
  });
  died.catch(() => undefined);
  return {
    async run(...argv: string[]): Promise<Answer> {
      child.send(argv);
      const [answer] = (await Promise.race([once(child, 'message'), died])) as [Answer];
      return answer;
    },
    async close(): Promise<void> {
      child.disconnect();
      await ended;
    },
  };
}
