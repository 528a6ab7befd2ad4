// A program that ends with the test process, however that one dies.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs a program until this process closes its end of the pipe. */
const UNTIL_STDIN_ENDS =
  'exec 3<&0; "$@" 3<&- & server=$!; { cat <&3 >/dev/null; kill -9 $server; } & wait $server';

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
    async end(): Promise<void> {
      child.stdin.end();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}
