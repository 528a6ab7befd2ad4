/**
 * Gets a Redis server from the Debian or Ubuntu package, without root and without changing the system. It uses private
 * package lists and unpacks into the cache folder. Package sources and signatures are those of the system.
 */
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../../shared/errors.ts';
import { libraryEnv, redisInTree, type RedisProgram } from './redis-program.ts';

/** The part of a logger that this folder uses. */
export interface RedisLog {
  info(fields: object, message: string): void;
}

const run = promisify(execFile);
/** Both are tried, in this order, because a later release may replace one with the other. */
const PACKAGES = ['redis-server', 'valkey-server'];
/** A download takes seconds. On a dead connection, the timeouts of apt end it much earlier. */
const STEP_MS = 180_000;

/** The server that an earlier start unpacked, or null. */
export function cachedRedis(cacheDir: string): RedisProgram | null {
  return redisInTree(join(cacheDir, cacheName()));
}

/**
 * Downloads, unpacks and tests the server, then moves it into the cache in one step. So several processes may do this at
 * once. Throws an Error if a step fails. For apt, its message is the last error of the first call that failed.
 */
export async function unpackRedis(options: {
  cacheDir: string;
  env: NodeJS.ProcessEnv;
  log: RedisLog;
  /** Paths of apt-get and dpkg-deb. */
  apt: string;
  dpkg: string;
}): Promise<RedisProgram> {
  const { cacheDir, env, log, apt, dpkg } = options;
  log.info({ cacheDir }, 'No Redis on PATH, so the package of the system is unpacked once.');
  mkdirSync(cacheDir, { recursive: true });
  const work = mkdtempSync(join(cacheDir, '.unpack-'));
  try {
    const archives = await download(work, apt, env);
    const tree = join(work, 'tree');
    mkdirSync(tree);
    for (const archive of archives) await run(dpkg, ['-x', archive, tree], { env, timeout: STEP_MS });

    const program = redisInTree(tree);
    if (!program) throw new Error('the package holds no server program');
    await run(program.path, ['--version'], { env: libraryEnv(program), timeout: STEP_MS });
    return publish(tree, cacheDir);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function download(work: string, apt: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const config = join(work, 'apt.conf');
  const archives = join(work, 'cache', 'archives');
  mkdirSync(join(work, 'lists', 'partial'), { recursive: true });
  mkdirSync(join(archives, 'partial'), { recursive: true });
  writeFileSync(config, aptConfig(work));
  const call = (...args: string[]): Promise<unknown> =>
    run(apt, ['-q', '-y', '-c', config, ...args], { env, timeout: STEP_MS });

  // One unreachable source fails the update. The package may still be available.
  let problem: unknown = await call('update').then(
    () => undefined,
    (error: unknown) => error,
  );
  for (const name of PACKAGES) {
    try {
      await call('--download-only', 'install', name);
      return readdirSync(archives)
        .filter((file) => file.endsWith('.deb'))
        .map((file) => join(archives, file));
    } catch (error) {
      problem ??= error;
    }
  }
  throw new Error(lastError(problem), { cause: problem });
}

/** apt reads this file last, so it overrides the system's settings. Hooks of the system must not run for private lists. */
function aptConfig(work: string): string {
  return [
    '#clear APT::Update::Pre-Invoke;',
    '#clear APT::Update::Post-Invoke;',
    '#clear APT::Update::Post-Invoke-Success;',
    `Dir::State::Lists "${work}/lists";`,
    `Dir::Cache "${work}/cache";`,
    `Dir::Cache::archives "${work}/cache/archives";`,
    `Dir::Log "${work}";`,
    'Debug::NoLocking "true";',
    'APT::Sandbox::User "";', // started by root, apt would switch to a user that cannot write here
    'APT::Install-Recommends "false";',
    'Acquire::Languages "none";',
    'Acquire::Retries "1";',
    'Acquire::http::Timeout "15";',
    'Acquire::https::Timeout "15";',
    '',
  ].join('\n');
}

function publish(tree: string, cacheDir: string): RedisProgram {
  const target = join(cacheDir, cacheName());
  try {
    renameSync(tree, target);
  } catch (error) {
    if (!redisInTree(target)) throw error; // another process was faster, and its copy is as good
  }
  const program = redisInTree(target);
  if (!program) throw new Error(`${target} vanished while it was written`);
  return program;
}

/** One folder per release and processor, because machines may share a home folder. */
function cacheName(): string {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const field = (name: string): string =>
    new RegExp(`^${name}="?([\\w.-]+)`, 'm').exec(release)?.[1] ?? 'any';
  return `redis-${field('ID')}-${field('VERSION_ID')}-${process.arch}`;
}

function lastError(error: unknown): string {
  const { stderr } = error as { stderr?: string };
  const lines = (stderr ?? '').split('\n').filter((line) => line.startsWith('E:'));
  return lines.at(-1)?.slice(3) ?? messageOf(error);
}
