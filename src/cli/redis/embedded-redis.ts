/**
 * A private Redis as a child on a unix socket: started, watched and stopped here; it never outlives its
 * parent (shepherd.sh says how) and listens on no port. Knows nothing of what is kept in it.
 */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ForebayError, messageOf } from '../../shared/errors.ts';
import { fullError, writeInto, type OwnFolder } from '../../shared/files/folder-trouble.ts';
import { lockData, socketOfHolder, type DataLock } from './data-lock.ts';
import { findRedis, type FindRedisOptions } from './find-redis.ts';
import { Redis } from '../../shared/redis/ioredis.ts';
import { libraryEnv } from './redis-program.ts';

const SHEPHERD = fileURLToPath(new URL('shepherd.sh', import.meta.url));
/** Bytes of a socket's path with its final zero: 104 on macOS, 108 on Linux (unix(7)); the lower one holds. */
const SOCKET_PATH_LIMIT = 103;
/** A large append-only file is replayed at about 100 MB/s before the server answers. */
const READY_MS = 120_000;
const STOP_MS = 15_000;

export interface EmbeddedRedisOptions extends FindRedisOptions {
  /** Kept between runs in `<dataDir>/redis`; null: one-shot, the data goes when the server goes. */
  readonly dataDir: string | null;
}

export interface EmbeddedRedis {
  /** `unix:///...`, for redisOptions. */
  readonly url: string;
  readonly socketPath: string;
  /** Of redis-server itself. */
  readonly pid: number;
  /** Asks Redis to flush and stop, and waits until nothing of it is left. May be called more than once. */
  stop(): Promise<void>;
  /** Settles when Redis is gone, whoever ended it, with its exit code (null: its shepherd was killed). */
  readonly exited: Promise<number | null>;
}

/**
 * Starts the server and waits until it answers.
 * @throws ForebayError `redis_not_found`, `data_in_use`, or `storage_unavailable` with the server's last words.
 */
export async function startEmbeddedRedis(options: EmbeddedRedisOptions): Promise<EmbeddedRedis> {
  const program = await findRedis(options);
  const { folder, temporary } = makeSocketFolder();
  const kept: OwnFolder =
    options.dataDir === null
      ? temporary
      : { path: options.dataDir, kind: 'data', setting: '--data (FOREBAY_DATA_DIR)' };
  const socketPath = join(folder, 'r.sock');
  const dataDir = options.dataDir === null ? join(folder, 'data') : join(options.dataDir, 'redis');
  let lock: DataLock | null = null;
  const log = writeInto(temporary, () => openLog(folder));
  try {
    writeInto(kept, () => mkdirSync(dataDir, { recursive: true, mode: 0o700 }));
    if (options.dataDir !== null) lock = await lockIn(kept, dataDir);
    const child = spawnShepherd([program.path, ...serverOptions(socketPath, dataDir)], {
      folder,
      logFd: log.write,
      env: { PATH: options.env['PATH'] ?? '', ...libraryEnv(program) },
    });
    writeInto(kept, () => child.pid !== undefined && lock?.shareWith(child.pid, socketPath));
    const exited = whenGone(child, folder, lock);
    const stop = (): Promise<void> => endChild(child, exited);
    const pid = await waitUntilReady(socketPath, child).catch(async (error: unknown) => {
      await stop();
      // A full disk takes no last words either.
      throw fullError(kept) ?? fullError(temporary) ?? didNotStart(log.read, error);
    });
    // The application decides when to end; the pipe ends with it.
    child.unref();
    return {
      url: socketUrl(socketPath),
      socketPath,
      pid,
      stop,
      exited,
    };
  } catch (error) {
    lock?.release();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  } finally {
    closeSync(log.read);
    closeSync(log.write);
  }
}

/** Address of a private server that another process runs on this data folder; null where none does. */
export function runningRedis(dataDir: string): string | null {
  const socket = socketOfHolder(join(dataDir, 'redis'));
  return socket === null ? null : socketUrl(socket);
}

function socketUrl(path: string): string {
  return `unix://${path.split('/').map(encodeURIComponent).join('/')}`;
}

/** In the system's temporary folder, or in /tmp where the path of a socket would be too long there. */
function makeSocketFolder(): { folder: string; temporary: OwnFolder } {
  const fits = Buffer.byteLength(join(tmpdir(), 'forebay-XXXXXX/r.sock')) <= SOCKET_PATH_LIMIT;
  const temporary: OwnFolder = { path: fits ? tmpdir() : '/tmp', kind: 'temporary', setting: 'TMPDIR' };
  return {
    temporary,
    folder: writeInto(temporary, () => mkdtempSync(join(temporary.path, 'forebay-'))),
  };
}

async function lockIn(kept: OwnFolder, dataDir: string): Promise<DataLock> {
  return lockData(dataDir).catch((error: unknown) =>
    writeInto(kept, () => {
      throw error;
    }),
  );
}

/** Two descriptors of one file: what a server says before it fails is read after its folder is deleted. */
function openLog(folder: string): { write: number; read: number } {
  const path = join(folder, 'redis.log');
  return { write: openSync(path, 'w', 0o600), read: openSync(path, 'r') };
}

function spawnShepherd(
  command: readonly string[],
  { folder, logFd, env }: { folder: string; logFd: number; env: Record<string, string> },
): ChildProcess {
  // Nothing else of the environment is passed on: a locale that the system lacks keeps Redis from starting.
  const stdio: StdioOptions = ['pipe', logFd, logFd];
  const child = spawn('/bin/sh', [SHEPHERD, folder, ...command], { cwd: '/', detached: true, env, stdio });
  // A pipe that breaks because Redis ended first is no news: `exited` tells.
  child.stdin?.on('error', () => undefined);
  return child;
}

function serverOptions(socketPath: string, dataDir: string): string[] {
  return [
    ['--port', '0'],
    ['--unixsocket', socketPath],
    ['--unixsocketperm', '700'],
    ['--dir', dataDir],
    ['--appendonly', 'yes'],
    ['--appendfsync', 'everysec'],
    ['--save', ''],
    ['--maxmemory-policy', 'noeviction'],
  ].flat();
}

async function whenGone(child: ChildProcess, folder: string, lock: DataLock | null): Promise<number | null> {
  const code = await new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
    child.once('error', () => resolve(null));
  });
  if (code === null) {
    killGroup(child);
    rmSync(folder, { recursive: true, force: true });
  }
  lock?.release();
  return code;
}

async function endChild(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  child.ref();
  child.stdin?.end();
  // Only a server that hangs in its disk gets there; a file cut short is mended when it is next loaded.
  const force = setTimeout(killGroup, STOP_MS, child);
  await exited;
  clearTimeout(force);
}

/** The shepherd leads a process group of its own: itself, its watcher and Redis. */
function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}

/** The server's process id, once it answers commands (that is, has loaded its data). */
async function waitUntilReady(socketPath: string, child: ChildProcess): Promise<number> {
  const deadline = Date.now() + READY_MS;
  for (let pause = 2; !(await accepts(socketPath)); pause = Math.min(pause * 2, 50)) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it ended at once');
    if (Date.now() > deadline) throw new Error(`it opened no socket within ${READY_MS / 1000} s`);
    await delay(pause);
  }
  const client = new Redis({ path: socketPath, lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => undefined); // the same error rejects connect()
  try {
    await client.connect();
    return Number(/^process_id:(\d+)/m.exec(await client.info('server'))?.[1]);
  } finally {
    client.disconnect();
  }
}

function accepts(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function didNotStart(logFd: number, cause: unknown): ForebayError {
  const words = readFileSync(logFd, 'utf8').trim().split('\n').slice(-3).join(' | ');
  return new ForebayError(
    'storage_unavailable',
    `The private Redis did not start: ${words || messageOf(cause)}`,
    { cause },
  );
}
