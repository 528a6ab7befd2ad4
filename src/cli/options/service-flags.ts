/** Flags of the processes, each a setting of shared/config/config.ts: what is not given stays as the environment has it. */
import type { Command } from 'commander';
import { UsageError } from '../exit-codes.ts';
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

const MODELS = 'folder of model folders, or one model folder; repeatable (default: models)';

export function addStorageFlags(
  command: Command,
  models = { flag: '--models <dir>', text: MODELS },
): Command {
  return command
    .option(models.flag, models.text, several)
    .option('--data <dir>', 'folder for results and state (default: .forebay)')
    .option(
      '--input-root <dir>',
      'folder that jobs may read; repeatable (default: the working folder)',
      several,
    );
}

export function addApiFlags(command: Command): Command {
  return command
    .option('--port <port>', 'port of the API; 0 takes a free one (default: 8080)', wholeNumber(0, 65_535))
    .option('--host <address>', 'address it listens on; beyond loopback it needs keys (default: 127.0.0.1)')
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
    .option('--lanes <n>', 'lane processes of a worker (default: one a core)', count(256))
    .option('--threads-per-lane <n>', 'threads of a model call (default: cores / lanes)', count(256))
    .option('--decode-threads <n>', 'threads that decode images in one lane', count(256))
    .option('--max-inflight-mb <n>', 'row bytes a worker holds at once (default: 256)', count())
    .option('--max-file-mb <n>', 'largest row, encoded (default: 64)', count())
    .option('--max-megapixels <n>', 'largest image (default: 64)', count())
    .option('--fetch-allow <host>', 'private host or CIDR that URL rows may reach; repeatable', several);
}

export function addLogFlag(command: Command): Command {
  return command.option('--log-level <level>', 'silent, error, warn, info or debug');
}

/**
 * A worker's `--models` takes both: folders to look in, and names to serve of what is there. What is a folder
 * here, or is written as a path, is a folder.
 */
export function splitModels(
  given: readonly string[] | undefined,
  isFolder: (path: string) => boolean,
): Pick<ServiceFlags, 'models' | 'serve'> {
  const parts = (given ?? []).flatMap((text) => (isFolder(text) ? [text] : text.split(',')));
  const models = parts.filter((part) => part.includes('/') || isFolder(part));
  const serve = parts.filter((part) => part !== '' && !models.includes(part));
  return { ...(models.length > 0 && { models }), ...(serve.length > 0 && { serve }) };
}

/** The settings that the flags stand for. */
export function toSettings(flags: ServiceFlags): Record<string, string> {
  const settings: Record<string, string | number | undefined> = {
    REDIS_URL: flags.redisUrl,
    FOREBAY_HOST: flags.host,
    FOREBAY_PORT: flags.port,
    FOREBAY_AUTH: flags.insecure ? 'off' : undefined,
    FOREBAY_DATA_DIR: flags.data,
    FOREBAY_MODELS_DIR: folders('--models', flags.models),
    FOREBAY_INPUT_ROOTS: folders('--input-root', flags.inputRoot),
    FOREBAY_OUTPUT_ROOTS: folders('--output-root', flags.outputRoot),
    FOREBAY_MODELS: flags.serve?.join(','),
    FOREBAY_POOL: flags.pool,
    FOREBAY_LANES: flags.lanes,
    FOREBAY_THREADS_PER_LANE: flags.threadsPerLane,
    FOREBAY_DECODE_THREADS: flags.decodeThreads,
    FOREBAY_MAX_JOBS: flags.maxJobs,
    FOREBAY_QUEUE_LIMIT: flags.queueLimit,
    FOREBAY_MAX_INFLIGHT_MB: flags.maxInflightMb,
    FOREBAY_MAX_FILE_MB: flags.maxFileMb,
    FOREBAY_MAX_MEGAPIXELS: flags.maxMegapixels,
    FOREBAY_FETCH_ALLOW: flags.fetchAllow?.join(','),
    FOREBAY_HEALTH_PORT: flags.healthPort,
    FOREBAY_LOG_LEVEL: flags.logLevel,
  };
  return Object.fromEntries(
    Object.entries(settings).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}

/** Lists of folders are ":"-separated in the environment. */
function folders(flag: string, given: readonly string[] | undefined): string | undefined {
  const broken = given?.find((folder) => folder.includes(':'));
  if (broken !== undefined)
    throw new UsageError(`${flag} cannot take a folder with ":" in its path: ${broken}`);
  return given?.join(':');
}
