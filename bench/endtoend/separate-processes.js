/**
 * Starts the real service in parts: a Redis, the API, and workers that can be started and ended one by one. Everything
 * ends with close(), or with this process.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, join } from 'node:path';
import { startEmbeddedRedis } from '../../dist/cli/redis/embedded-redis.js';
import { createClient } from '../../dist/client/client.js';
import { cacheDir } from '../../dist/shared/config/cache-dir.js';
import { root } from '../harness/places.js';
import { makeServiceFolder, removeScratch } from '../harness/scratch.js';

/**
 * @param {{ models: readonly string[], inputs?: readonly string[], env?: Readonly<Record<string, string>> }} options
 *   models: model folders; inputs: folders that jobs may read
 * @returns `client`; `startWorker()`: resolves when its models are resident; `endWorker(worker)`: sends SIGTERM and
 *   resolves with the exit code; `close()`
 */
export async function startParts({ models, inputs = [], env = {} }) {
  const { folder, modelsDir, dataDir } = makeServiceFolder(models);
  const redis = await startEmbeddedRedis({
    dataDir,
    cacheDir: cacheDir(process.env),
    env: process.env,
    log: { info: () => undefined },
  });
  const settings = {
    ...process.env,
    REDIS_URL: redis.url,
    FOREBAY_PORT: '0',
    FOREBAY_DATA_DIR: dataDir,
    FOREBAY_MODELS_DIR: modelsDir,
    FOREBAY_INPUT_ROOTS: [folder, ...inputs].join(delimiter),
    FOREBAY_OUTPUT_ROOTS: join(folder, 'out'),
    FOREBAY_LOG_LEVEL: 'error',
    ...env,
  };
  const children = new Set();

  async function start(part) {
    const child = fork(join(root, 'dist', part, 'main.js'), {
      env: settings,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    children.add(child);
    const message = await new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', (code) => reject(new Error(`${part} ended with ${code}`)));
    });
    if (message.type !== 'ready') throw new Error(message.message);
    return { child, url: message.url };
  }

  async function end(child) {
    children.delete(child);
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    }
    return child.exitCode;
  }

  const api = await start('api');
  return {
    client: createClient({ url: api.url }),
    startWorker: async () => (await start('workers')).child,
    endWorker: end,
    async close() {
      await Promise.all([...children].filter((child) => child !== api.child).map(end));
      await end(api.child);
      await redis.stop();
      removeScratch(folder);
    },
  };
}
