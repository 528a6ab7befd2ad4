// Runs the `forebay` command as a user does. Each command has its own process group, to which a test can send Ctrl-C.
// The temporary folder identifies every process that the commands have started.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitUntil } from './wait-until.ts';

const BIN = fileURLToPath(new URL('../../bin/forebay.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface RunningForebay {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  out(): string;
  err(): string;
  /** Sends Ctrl-C to every process of the group, as a terminal does. */
  interrupt(): void;
  /** Kills the launcher and all that it started, except Redis, which has its own session. */
  killTree(): void;
  /** Kills only the launcher. */
  killLauncher(): void;
}

export interface ForebayCommands {
  start(...args: string[]): RunningForebay;
  run(...args: string[]): Promise<Ended>;
  /** Waits until no process of these commands is alive, and they have no temporary files on disk or in memory. */
  nothingLeft(): Promise<void>;
  /** Names of the folders in memory of these commands. */
  inMemory(): string[];
  /** Ids of the processes whose command line contains this text. */
  find(text: string): number[];
  close(): Promise<void>;
}

const MEMORY = '/dev/shm';

/** The commands run in the folder `cwd`. */
export function forebayCommands(cwd: string, env: Record<string, string> = {}): ForebayCommands {
  // Short, because the length of a socket path is limited. Unique, because the path identifies our own processes.
  const temporary = mkdtempSync(join(tmpdir(), 'fbt-'));
  const groups = new Set<number>();

  function start(...args: string[]): RunningForebay {
    const child = spawn(process.execPath, [BIN, ...args], {
      cwd,
      detached: true,
      env: { ...process.env, TMPDIR: temporary, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const pid = child.pid!;
    groups.add(pid);
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const ended = new Promise<Ended>((resolve) => {
      child.once('close', (code, signal) => resolve({ code, signal, out, err }));
    });
    return {
      pid,
      ended,
      out: () => out,
      err: () => err,
      interrupt: () => kill(-pid, 'SIGINT'),
      killTree: () => kill(-pid, 'SIGKILL'),
      killLauncher: () => kill(pid, 'SIGKILL'),
    };
  }

  const living = () =>
    processes().filter(({ pid }) => [environment(pid), commandLine(pid)].some((t) => t.includes(temporary)));

  const inMemory = () => {
    const names = existsSync(MEMORY) ? readdirSync(MEMORY) : [];
    return names.filter((name) => groups.has(Number(/^forebay-run-\d+-(\d+)-/.exec(name)?.[1])));
  };
  const files = () => [...readdirSync(temporary), ...inMemory()];

  return {
    start,
    run: (...args) => start(...args).ended,
    nothingLeft: () =>
      waitUntil('all processes and temporary files to be gone', () => {
        return living().length === 0 && files().length === 0;
      }).then(
        () => undefined,
        (error: unknown) => {
          const left = living().map(({ pid }) => `${pid} ${commandLine(pid).replaceAll('\0', ' ')}`);
          throw new Error(`left: ${[...left, ...files()].join('; ')}`, { cause: error });
        },
      ),
    inMemory,
    find: (text) =>
      living()
        .filter(({ pid }) => commandLine(pid).includes(text))
        .map(({ pid }) => pid),
    async close() {
      for (const group of groups) kill(-group, 'SIGKILL');
      await waitUntil('killed processes to be gone', () => living().length === 0);
      rmSync(temporary, { recursive: true, force: true });
    },
  };
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // The process has ended already.
  }
}

function processes(): { pid: number }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name) }));
}

function environment(pid: number): string {
  return read(`/proc/${pid}/environ`);
}

function commandLine(pid: number): string {
  return read(`/proc/${pid}/cmdline`);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
