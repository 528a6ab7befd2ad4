/** Starts SeaweedFS, a server that speaks the protocol of S3, and fills a bucket. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onPath } from '../../dist/cli/redis/redis-program.js';
import { cacheDir } from '../../dist/shared/config/cache-dir.js';
import { createStores } from '../../dist/shared/stores/stores.js';
import { Unavailable } from '../harness/places.js';
import { chooseSeaweedfs, downloadedTo } from './seaweedfs-program.js';

const BUCKET = 'bench';
const START_MS = 60_000;
const PUTS_AT_ONCE = 16;

/**
 * @param {string} folder for its data
 * @returns `env`: the environment variables for a service that reads and writes the bucket. `root`: the URL of the
 *   bucket. `upload(prefix, paths)`: stores files under their names, and resolves to the URL of the prefix.
 *   `fill(prefix, count, path)`: stores one file under that many names. `stop()`: ends the server. Throws Unavailable
 */
export async function startSeaweedfs(folder) {
  const program = find();
  const { args, port, removeSockets } = await chooseSeaweedfs(folder, [BUCKET]);
  const keys = { AWS_ACCESS_KEY_ID: 'bench', AWS_SECRET_ACCESS_KEY: 'bench' };
  const child = spawn(program, args, {
    cwd: folder,
    stdio: 'ignore',
    env: { ...process.env, ...keys, HOME: folder },
  });
  const exited = once(child, 'exit');
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const env = { ...keys, AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`, AWS_REGION: 'us-east-1' };
  const root = `s3://${BUCKET}/`;
  const settings = {
    match: root,
    endpoint: env.AWS_ENDPOINT_URL,
    region: env.AWS_REGION,
    pathStyle: true,
    credentials: { env: { access_key: 'AWS_ACCESS_KEY_ID', secret_key: 'AWS_SECRET_ACCESS_KEY' } },
  };
  const stores = createStores({
    s3: [settings],
    azure: [],
    fetchAllow: [],
    fetchTimeoutMs: 30_000,
    maxFileBytes: 1e8,
    maxFetchRatio: 200,
    env,
  });
  const stop = async () => {
    await stores.close();
    child.kill('SIGTERM');
    await exited;
    process.off('exit', kill);
    removeSockets();
  };
  /** `objects`: names and contents. */
  const putAll = async (prefix, objects) => {
    const store = await stores.writable(root);
    const put = async () => {
      for (const [name, body] of objects) await store.put(`${root}${prefix}/${name}`, body);
    };
    await Promise.all(Array.from({ length: PUTS_AT_ONCE }, put));
    return `${root}${prefix}/`;
  };
  try {
    await untilWritable(await stores.writable(root), `${root}ready`);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    env,
    root,
    upload: async (prefix, paths) => putAll(prefix, files(paths)),
    async fill(prefix, count, path) {
      const body = readFileSync(path);
      return putAll(prefix, numbered(count, body));
    },
    stop,
  };
}

function* files(paths) {
  for (const path of paths) yield [basename(path), readFileSync(path)];
}

function* numbered(count, body) {
  for (let i = 0; i < count; i++) yield [`${String(i).padStart(6, '0')}.jpg`, body];
}

async function untilWritable(store, url) {
  const until = performance.now() + START_MS;
  for (;;) {
    try {
      await store.put(url, 'ready');
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
      await delay(100);
    }
  }
}

function find() {
  const program = onPath('weed', process.env) ?? join(downloadedTo(cacheDir(process.env)), 'weed');
  if (existsSync(program)) return program;
  throw new Unavailable('SeaweedFS is absent: install weed, or run the tests once, which download it');
}
