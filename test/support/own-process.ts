// An API or a worker as a separate process: its output and how it ends, even if it never becomes ready.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitUntil } from './wait-until.ts';

export type OwnProcess = ReturnType<typeof startOwnProcess>;

/** Creates a folder for one service, and the settings that keep all its files there and its worker small. */
export function makeServiceFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'forebay-own-'));
  for (const name of ['models', 'input']) mkdirSync(join(folder, name));
  return {
    folder,
    env: {
      FOREBAY_PORT: '0',
      // Each lane is a process, which costs as much CPU time as most tests.
      FOREBAY_LANES: '1',
      FOREBAY_DATA_DIR: join(folder, 'data'),
      // A profile or graph in this user's own cache must not affect a test.
      FOREBAY_CACHE_DIR: join(folder, 'cache'),
      FOREBAY_MODELS_DIR: join(folder, 'models'),
      FOREBAY_INPUT_ROOTS: join(folder, 'input'),
      FOREBAY_OUTPUT_ROOTS: join(folder, 'out'),
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** `within`: turns its command into the one to run, such as one that runs it in another network. */
export function startOwnProcess(
  part: 'api' | 'workers',
  env: Readonly<Record<string, string>>,
  within: (argv: readonly string[]) => readonly string[] = (argv) => argv,
) {
  const main = fileURLToPath(new URL(`../../dist/${part}/main.js`, import.meta.url));
  const [program, ...args] = within([process.execPath, main]);
  const child = spawn(program!, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    pid: child.pid!,
    /** All of stdout and stderr so far. */
    said: () => said,
    /** Waits for the first match of a pattern in its output. */
    says: (pattern: RegExp) =>
      waitUntil(`${part} to say ${String(pattern)}`, () => {
        if (child.exitCode !== null && !pattern.test(said)) throw new Error(`${part} ended: ${said}`);
        return pattern.exec(said);
      }),
    /** Its exit code. */
    ended,
    async stop() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}
