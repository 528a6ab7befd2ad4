/** The real service for a case: `forebay up` as its own processes on a free port, gone again with stop(). */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { createClient } from '../../dist/client/client.js';
import { root } from './places.js';

/** Loading 440 MB of weights in every lane of a busy machine. */
const START_MS = 180_000;

/**
 * @param {{ models: readonly string[], inputs?: readonly string[], flags?: readonly string[],
 *   env?: Readonly<Record<string, string>> }} options models: model folders; inputs: folders that jobs may read
 * @returns resolves when models are resident: `client`, `url`, `pid` of the launcher, `dataDir`, `stop()`
 */
export async function startService({ models, inputs = [], flags = [], env = {} }) {
  const folder = mkdtempSync(join(tmpdir(), 'forebay-bench-'));
  mkdirSync(join(folder, 'models'));
  for (const model of models) symlinkSync(model, join(folder, 'models', basename(model)));
  const dataDir = join(folder, 'data');
  const roots = [folder, ...inputs].flatMap((path) => ['--input-root', path]);
  const args = [
    'up',
    '--port',
    '0',
    '--models',
    join(folder, 'models'),
    '--data',
    dataDir,
    ...roots,
    ...flags,
  ];
  const child = spawn(process.execPath, [join(root, 'bin', 'forebay.js'), ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  try {
    const url = await started(child, exited);
    return {
      url,
      pid: child.pid,
      folder,
      dataDir,
      client: createClient({ url }),
      async stop() {
        child.kill('SIGTERM');
        await exited;
        process.off('exit', kill);
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    child.kill('SIGTERM');
    await exited;
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** The address that it prints when its models are resident. */
async function started(child, exited) {
  const said = [];
  const url = new Promise((resolve, reject) => {
    const problems = () => new Error(`forebay up did not start:\n${said.slice(-15).join('\n')}`);
    let address = null;
    createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
    createInterface({ input: child.stdout }).on('line', (line) => {
      said.push(line);
      address ??= /^\s*API\s+(http\S+)/.exec(line)?.[1] ?? null;
      if (/^\s*not served:/.test(line)) reject(problems());
      // The last line of what it says.
      if (line.startsWith('Ctrl-C')) resolve(address);
    });
    void exited.then(() => reject(problems()));
    setTimeout(() => reject(problems()), START_MS).unref();
  });
  return url;
}

/** Waits for a job's end. Throws Error unless it completed. */
export async function finished(client, id, everyMs = 250) {
  for (;;) {
    const job = await client.job(id);
    if (job.finished_at !== null) {
      if (job.status === 'completed' && job.rows.failed === 0) return job;
      throw new Error(
        `job ${id} ${job.status}: ${job.rows.failed} rows failed, ${JSON.stringify(job.error)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
