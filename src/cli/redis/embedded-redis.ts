/**
 * A private Redis as a child process on a unix socket, without a port. It never outlives its parent. shepherd.sh ensures
 * that.
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
/** Longest path of a socket in bytes. With the final zero, macOS allows 104 and Linux 108 (unix(7)). */
const SOCKET_PATH_LIMIT = 103;
/** The server replays its append-only file at about 100 MB/s before it answers. */
const READY_MS = 120_000;
const STOP_MS = 15_000;

export interface EmbeddedRedisOptions extends FindRedisOptions {
  /** The data is kept in `<dataDir>/redis`. With null it is deleted when the server ends. */
  readonly dataDir: string | null;
}

export interface EmbeddedRedis {
  /** `unix:///...`, for redisOptions. */
  readonly url: string;
  readonly socketPath: string;
  /** The process id of redis-server itself. */
  readonly pid: number;
  /** Asks Redis to flush and stop, and waits until it has exited. May be called more than once. */
  stop(): Promise<void>;
  /** Resolves when Redis has exited, with its exit code, or null if its shepherd was killed. */
  readonly exited: Promise<number | null>;
}

/**
 * Starts the server and waits until it answers. Throws ForebayError `redis_not_found`, `data_in_use`, or
 * `storage_unavailable`, which names the folder at fault or has the server's last lines.
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
      // On a full disk, Redis cannot write its log either.
      throw fullError(kept) ?? fullError(temporary) ?? didNotStart(log.read, error);
    });
    // The child must not keep the application running.
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

/** The address of the private server that another process runs on this data folder. Null if there is none. */
export function runningRedis(dataDir: string): string | null {
  const socket = socketOfHolder(join(dataDir, 'redis'));
  return socket === null ? null : socketUrl(socket);
}

function socketUrl(path: string): string {
  return `unix://${path.split('/').map(encodeURIComponent).join('/')}`;
}

/** Makes a folder in the system's temporary folder, or in /tmp if the path of the socket would be too long. */
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

/** Two descriptors of one file, because the log is read after its folder is deleted. */
function openLog(folder: string): { write: number; read: number } {
  const path = join(folder, 'redis.log');
  return { write: openSync(path, 'w', 0o600), read: openSync(path, 'r') };
}

function spawnShepherd(
  command: readonly string[],
  { folder, logFd, env }: { folder: string; logFd: number; env: Record<string, string> },
): ChildProcess {
  // The environment is not passed on, because Redis does not start with a locale that the system lacks.
  const stdio: StdioOptions = ['pipe', logFd, logFd];
  const child = spawn('/bin/sh', [SHEPHERD, folder, ...command], { cwd: '/', detached: true, env, stdio });
  // The pipe breaks if Redis ends first. `exited` reports that.
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
  // Only a server that hangs on its disk is killed here. Redis repairs a truncated file when it loads it.
  const force = setTimeout(killGroup, STOP_MS, child);
  await exited;
  clearTimeout(force);
}

/** The shepherd leads a process group: itself, its watcher and Redis. */
function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group is empty.
  }
}

/** Resolves to the process id of the server when it answers commands, which means that it has loaded its data. */
async function waitUntilReady(socketPath: string, child: ChildProcess): Promise<number> {
  const deadline = Date.now() + READY_MS;
  for (let pause = 2; !(await accepts(socketPath)); pause = Math.min(pause * 2, 50)) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it ended immediately');
    if (Date.now() > deadline) throw new Error(`it opened no socket within ${READY_MS / 1000} s`);
    await delay(pause);
  }
  const client = new Redis({ path: socketPath, lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => undefined); // connect() rejects with the same error
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
