// A program that ends with the test process, however that one dies.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs a program until this process closes its end of the pipe. Passes a SIGTERM on. */
const UNTIL_STDIN_ENDS =
  'exec 3<&0; "$@" 3<&- & server=$!; trap "kill -TERM $server" TERM; { cat <&3 >/dev/null; kill -9 $server; } & ' +
  'while kill -0 $server 2>/dev/null; do wait $server; code=$?; done; exit $code';

export type BoundProcess = ReturnType<typeof startBoundProcess>;

export function startBoundProcess(
  command: readonly [program: string, ...args: string[]],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
) {
  const child = spawn('sh', ['-c', UNTIL_STDIN_ENDS, 'sh', ...command], {
    ...options,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  return {
    /** Null while it runs. */
    exitCode: () => child.exitCode,
    /** Asks the program to end, and waits until it has. */
    async stop(): Promise<void> {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      child.stdin.end();
    },
    /** Kills the program. */
    async end(): Promise<void> {
      child.stdin.end();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}
