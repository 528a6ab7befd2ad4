/** Starts the real service, `forebay up`, for a benchmark. It listens on a free port until `stop()`. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '../../dist/client/client.js';
import { root } from './places.js';
import { makeServiceFolder, removeScratch } from './scratch.js';

/** Enough for a busy machine to load 440 MB of weights into every lane. */
const START_MS = 180_000;

/**
 * @param {{ models: readonly string[], inputs?: readonly string[], flags?: readonly string[], checkout?: string,
 *   env?: Readonly<Record<string, string | undefined>> }} options `models`: model folders. `inputs`: folders that jobs may
 *   read. `checkout`: the built checkout whose service starts. `env`: undefined removes a variable.
 * @returns `client`, `url`, `pid` of the launcher, `folder`, `dataDir`, `stop()`. Resolves when the models are resident.
 */
export async function startService({ models, inputs = [], flags = [], checkout = root, env = {} }) {
  const { folder, modelsDir, dataDir } = makeServiceFolder(models);
  const roots = [folder, ...inputs].flatMap((path) => ['--input-root', path]);
  const args = ['up', '--port', '0', '--models', modelsDir, '--data', dataDir, ...roots, ...flags];
  const child = spawn(process.execPath, [join(checkout, 'bin', 'forebay.js'), ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
    process.off('exit', kill);
    removeScratch(folder);
  };
  try {
    const url = await started(child, exited);
    return { url, pid: child.pid, folder, dataDir, client: createClient({ url }), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Resolves to the address that `forebay up` prints, when the models are resident. */
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
      // `forebay up` prints this line last.
      if (line.includes('Ctrl-C')) resolve(address);
    });
    void exited.then(() => reject(problems()));
    setTimeout(() => reject(problems()), START_MS).unref();
  });
  return url;
}

/**
 * Polls a job until it ends. Throws Error unless it completed without failed rows.
 * @param {{ everyMs?: number, onPoll?: (job: object) => Promise<void> }} [options] `onPoll` is called with each response
 */
export async function finished(client, id, { everyMs = 250, onPoll = async () => {} } = {}) {
  for (;;) {
    const job = await client.job(id);
    await onPoll(job);
    if (job.finished_at !== null) {
      if (job.status === 'completed' && job.rows.failed === 0) return job;
      throw new Error(
        `job ${id} ${job.status}: ${job.rows.failed} rows failed, ${JSON.stringify(job.error)}`,
      );
    }
    await delay(everyMs);
  }
}
