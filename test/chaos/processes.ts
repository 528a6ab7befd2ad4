// Starts and kills the processes of a cluster, and finds them again by their temporary folder. A process that ends
// without being told to is reported as a surprise.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const entry = (path: string) => fileURLToPath(new URL(`../../dist/${path}`, import.meta.url));
/** A process that has not ended this long after SIGTERM counts as hung. */
const STOP_MS = 50_000;

export interface ManagedProcess {
  readonly name: string;
  readonly pid: number;
  readonly url: string;
  /** Kills the process and waits for its end. */
  kill(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** Sends SIGTERM and waits for the process to exit. Any exit code but 0 is added to `surprises`. */
  stop(): Promise<void>;
}

/** `tmp` is the temporary folder of all processes, which identifies them. */
export function createProcesses(options: { tmp: string; logs: string; env: Record<string, string> }) {
  const { tmp, logs } = options;
  const living = new Set<ChildProcess>();
  const surprises: string[] = [];
  let started = 0;

  async function start(role: string, path: string, env: Record<string, string>): Promise<ManagedProcess> {
    const name = `${role}.${(started += 1)}`;
    const log = openSync(join(logs, `${name}.log`), 'w');
    const child = fork(entry(path), {
      env: { ...process.env, ...options.env, TMPDIR: tmp, ...env },
      execArgv: [],
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    living.add(child);
    let expected = false;
    const gone = once(child, 'exit').then(([code, signal]) => {
      living.delete(child);
      if (!expected) surprises.push(`${name} ended on its own: ${String(code ?? signal)}`);
      return code as number | null;
    });
    const told = await new Promise<{ type: string; url?: string; message?: string }>((resolve) => {
      child.once('message', (message) => resolve(message as { type: string }));
      void gone.then((code) => resolve({ type: 'exit', message: String(code) }));
    });
    if (told.type !== 'ready') throw new Error(`${name} did not start: ${told.message}`);
    return {
      name,
      pid: child.pid!,
      url: told.url ?? '',
      signal: (signal) => void child.kill(signal),
      async kill() {
        expected = true;
        child.kill('SIGKILL');
        await gone;
      },
      async stop() {
        expected = true;
        child.kill('SIGTERM');
        const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
        const code = await gone;
        clearTimeout(late);
        if (code !== 0) surprises.push(`${name} did not end cleanly: ${code ?? 'killed because it hung'}`);
      },
    };
  }

  return {
    start,
    surprises,
    /** Processes that still run with this cluster's temporary folder in their environment. */
    left: () => processesWith(tmp),
    async killAll(): Promise<void> {
      for (const child of living) child.kill('SIGKILL');
      for (const { pid } of processesWith(tmp)) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // The process has ended already.
        }
      }
    },
  };
}

function processesWith(text: string): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => read(`/proc/${pid}/environ`).includes(`TMPDIR=${text}\0`))
    .map((pid) => ({ pid: Number(pid), command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ') }));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
