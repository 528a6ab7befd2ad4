// A real Azure Blob server for a test file: Azurite, Microsoft's emulator, from npm, which is installed once.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent } from 'undici';
import { encodeReserved } from '#forebay/shared/stores/remote/encode-reserved.js';
import { sharedKey } from '#forebay/shared/stores/azure/shared-key.js';
import { onPath } from '#forebay/cli/redis/redis-program.js';
import { startBoundProcess } from './bound-process.ts';
import { freePort } from './free-port.ts';
import { installOnce } from './install-once.ts';
import { redisCacheDir } from './redis.ts';
import { waitUntil } from './wait-until.ts';

/** The last one that runs on Node 20. */
const VERSION = '3.35.0';
const cached = join(redisCacheDir, `azurite-${VERSION}`);
const PROGRAM = 'node_modules/azurite/dist/src/blob/main.js';

const ACCOUNT = 'forebaytest';
/** Only for the test's server. */
const KEY = Buffer.from('a secret of the tests').toString('base64');

const agent = new Agent();

/** The program. Null if this machine has none and cannot get one. */
const program = find();

/** Null if there is a server, otherwise the reason for skipping a test. */
export const noAzurite: string | null =
  program === null ? `skipped: npm could not install azurite ${VERSION}` : null;

export interface AzureServer {
  readonly endpoint: string;
  /** The environment in which the usual chain finds the server and its key. */
  readonly env: Readonly<Record<string, string>>;
  /** Stores a blob. `key` is literal. */
  put(container: string, key: string, body: Uint8Array | string): Promise<void>;
  /** Any request with the account's key. Returns the status. */
  send(method: string, path: string, options?: SendOptions): Promise<number>;
  /**
   * Stops the server and starts it again. It is not killed, because it saves what it knows of blobs only every 5 s and
   * when it stops.
   */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

interface SendOptions {
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** Starts a server with these containers, in memory. It ends with the test process. */
export async function startAzurite(...containers: string[]): Promise<AzureServer> {
  return start(containers, ['--inMemoryPersistence']);
}

/** The same on the disk, so that it can be stopped and started again. */
export async function startAzuriteOnDisk(...containers: string[]): Promise<AzureServer> {
  return start(containers, []);
}

async function start(containers: readonly string[], how: readonly string[]): Promise<AzureServer> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const endpoint = `${origin}/${ACCOUNT}`;
  const args = [...how, '--disableTelemetry', '--silent', '--blobPort', String(port)];
  const folder = mkdtempSync(join(tmpdir(), 'fbt-azurite-'));
  let child = await launch();

  async function launch() {
    const started = startBoundProcess([process.execPath, program!, ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: folder, AZURITE_ACCOUNTS: `${ACCOUNT}:${KEY}` },
    });
    await waitUntil('the Azure server', async () => {
      if (started.exitCode() !== null) throw new Error(`Azurite ended with ${started.exitCode()}`);
      return (await send('GET', '', { query: { comp: 'list' } }).catch(() => 0)) === 200;
    });
    return started;
  }

  async function send(method: string, path: string, options: SendOptions = {}): Promise<number> {
    const { query = {}, body = Buffer.alloc(0) } = options;
    const headers = {
      'x-ms-date': new Date().toUTCString(),
      'x-ms-version': '2021-12-02',
      ...options.headers,
    };
    const encoded = `/${ACCOUNT}/${path.split('/').map(encodeReserved).join('/')}`;
    const toSign = { method, path: encoded, query, headers, bodyBytes: body.length };
    const answer = await agent.request({
      origin,
      path: encoded,
      query,
      method: method as 'GET',
      headers: { ...headers, authorization: sharedKey(ACCOUNT, Buffer.from(KEY, 'base64'), toSign) },
      ...(method === 'PUT' && { body }),
    });
    await answer.body.dump();
    return answer.statusCode;
  }

  for (const name of containers) await send('PUT', name, { query: { restype: 'container' } });

  return {
    endpoint,
    env: {
      AZURE_STORAGE_CONNECTION_STRING: `AccountName=${ACCOUNT};AccountKey=${KEY};BlobEndpoint=${endpoint}`,
    },
    send,
    async put(container, key, body) {
      const headers = { 'x-ms-blob-type': 'BlockBlob' };
      const status = await send('PUT', `${container}/${key}`, { headers, body: Buffer.from(body) });
      if (status !== 201) throw new Error(`PUT ${key}: ${status}`);
    },
    async restart() {
      await child.stop();
      child = await launch();
    },
    async stop() {
      await child.end();
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

function find(): string | null {
  const installed = join(cached, PROGRAM);
  if (existsSync(installed)) return installed;
  const npm = onPath('npm', process.env);
  return npm === null ? null : install(npm);
}

function install(npm: string): string | null {
  const isThere = installOnce(cached, (folder) => {
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    const wanted = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--omit=optional'];
    execFileSync(npm, [...wanted, `azurite@${VERSION}`], { cwd: folder, stdio: 'ignore', timeout: 180_000 });
  });
  return isThere ? join(cached, PROGRAM) : null;
}
