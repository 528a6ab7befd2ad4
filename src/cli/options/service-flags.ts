/** Flags of the processes, each a setting of shared/config/config.ts: what is not given stays as the environment has it. */
import type { Command } from 'commander';
import { UsageError } from '../exit-codes.ts';
import { FLAGS } from './flags.ts';
import { several, wholeNumber } from './parsers.ts';

export interface ServiceFlags {
  readonly host?: string;
  readonly port?: number;
  readonly insecure?: true;
  readonly data?: string;
  readonly models?: string[];
  readonly serve?: string[];
  readonly pool?: string;
  readonly inputRoot?: string[];
  readonly outputRoot?: string[];
  readonly lanes?: number;
  readonly threadsPerLane?: number;
  readonly decodeThreads?: number;
  readonly maxJobs?: number;
  readonly queueLimit?: number;
  readonly maxInflightMb?: number;
  readonly maxFileMb?: number;
  readonly maxMegapixels?: number;
  readonly fetchAllow?: string[];
  readonly healthPort?: number;
  readonly redisUrl?: string;
  readonly logLevel?: string;
}

const count = (max = 1_000_000) => wholeNumber(1, max);

export function addStorageFlags(command: Command): Command {
  return command
    .addOption(FLAGS.models())
    .addOption(FLAGS.data())
    .option(
      '--input-root <dir>',
      'folder that jobs may read; repeatable (default: the working folder)',
      several,
    );
}

export function addApiFlags(command: Command): Command {
  return command
    .option('--port <port>', 'port of the API; 0 picks a free one (default: 8080)', wholeNumber(0, 65_535))
    .option('--host <address>', 'address of the API; beyond loopback it needs keys (default: 127.0.0.1)')
    .option('--insecure', 'ask for no keys: whoever reaches the address may do anything')
    .option(
      '--output-root <dir>',
      'folder that jobs may write to; repeatable (default: results in the data folder)',
      several,
    )
    .option('--max-jobs <n>', 'jobs queued or running at once (default: 100)', count())
    .option('--queue-limit <blocks>', 'blocks on one queue over all jobs', count());
}

export function addWorkerFlags(command: Command): Command {
  return command
    .option('--lanes <n>', 'lane processes per worker (default: one per core)', count(256))
    .option('--threads-per-lane <n>', 'threads per model call (default: cores / lanes)', count(256))
    .option('--decode-threads <n>', 'threads per lane that decode images', count(256))
    .option('--max-inflight-mb <n>', 'row bytes a worker holds at once (default: 256)', count())
    .option('--max-file-mb <n>', 'largest row, encoded (default: 64)', count())
    .option('--max-megapixels <n>', 'largest image (default: 64)', count())
    .option('--fetch-allow <host>', 'private host or CIDR that URL rows may reach; repeatable', several);
}

export function addLogFlag(command: Command): Command {
  return command.option('--log-level <level>', 'silent, error, warn, info or debug');
}

/** The setting that each flag stands for. */
const SETTINGS: Readonly<Record<keyof ServiceFlags, string>> = {
  redisUrl: 'REDIS_URL',
  host: 'FOREBAY_HOST',
  port: 'FOREBAY_PORT',
  insecure: 'FOREBAY_AUTH',
  data: 'FOREBAY_DATA_DIR',
  models: 'FOREBAY_MODELS_DIR',
  inputRoot: 'FOREBAY_INPUT_ROOTS',
  outputRoot: 'FOREBAY_OUTPUT_ROOTS',
  serve: 'FOREBAY_MODELS',
  pool: 'FOREBAY_POOL',
  lanes: 'FOREBAY_LANES',
  threadsPerLane: 'FOREBAY_THREADS_PER_LANE',
  decodeThreads: 'FOREBAY_DECODE_THREADS',
  maxJobs: 'FOREBAY_MAX_JOBS',
  queueLimit: 'FOREBAY_QUEUE_LIMIT',
  maxInflightMb: 'FOREBAY_MAX_INFLIGHT_MB',
  maxFileMb: 'FOREBAY_MAX_FILE_MB',
  maxMegapixels: 'FOREBAY_MAX_MEGAPIXELS',
  fetchAllow: 'FOREBAY_FETCH_ALLOW',
  healthPort: 'FOREBAY_HEALTH_PORT',
  logLevel: 'FOREBAY_LOG_LEVEL',
};

/** How values become text where it is not by String(). */
const VALUES: { readonly [Name in keyof ServiceFlags]?: (flags: ServiceFlags) => string | undefined } = {
  insecure: ({ insecure }) => (insecure ? 'off' : undefined),
  models: ({ models }) => folders('--models', models),
  inputRoot: ({ inputRoot }) => folders('--input-root', inputRoot),
  outputRoot: ({ outputRoot }) => folders('--output-root', outputRoot),
};

/** The settings that the flags stand for. */
export function toSettings(flags: ServiceFlags): Record<string, string> {
  const names = Object.keys(SETTINGS) as (keyof ServiceFlags)[];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = (VALUES[name] ?? textOf(name))(flags);
      return value === undefined ? [] : [[SETTINGS[name], value]];
    }),
  );
}

function textOf(name: keyof ServiceFlags): (flags: ServiceFlags) => string | undefined {
  return (flags) => (flags[name] === undefined ? undefined : String(flags[name]));
}

/** `FOREBAY_MAX_FILE_MB` -> `--max-file-mb`; only settings whose flag takes the same value. */
export function flagOfSetting(setting: string): string | null {
  const found = Object.entries(SETTINGS).find(([name, known]) => known === setting && name !== 'serve');
  return found === undefined || found[0] === 'insecure' ? null : toFlag(found[0]);
}

/** `maxFileMb`, `max_file_mb` -> `--max-file-mb`. */
export function toFlag(name: string): string {
  return `--${name
    .replaceAll(/([A-Z])/g, '-$1')
    .replaceAll('_', '-')
    .toLowerCase()}`;
}

/** Lists of folders are ":"-separated in the environment. */
function folders(flag: string, given: readonly string[] | undefined): string | undefined {
  const broken = given?.find((folder) => folder.includes(':'));
  if (broken !== undefined)
    throw new UsageError(`${flag} cannot take a folder with ":" in its path: ${broken}`);
  return given?.join(':');
}
