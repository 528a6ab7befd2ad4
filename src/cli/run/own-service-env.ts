/**
 * The settings of a service that lives for one task. They come from the user's environment and flags, without those that
 * suit only a permanent service.
 */
import { join } from 'node:path';
import { cacheDir } from '../../shared/config/cache-dir.ts';
import { toSettings, type ServiceFlags } from '../options/service-flags.ts';
import { isObjectUrl } from '../../shared/stores/object-url.ts';
import type { RunModel } from './check-model.ts';

/** Variables of a permanent service that the user's environment may contain. */
const NOT_FOR_TASKS = [
  'FOREBAY_API_KEY',
  'FOREBAY_WORKER_PORT',
  'FOREBAY_MAX_JOBS',
  'FOREBAY_MODELS',
  'REDIS_URL',
];
/** Enough for the running blocks, which are short. --resume runs blocks that do not finish in this time. */
const GRACE_S = '10';

/** `inputRoots` (folders or URLs) and `outputRoots` are absolute. */
export function ownServiceEnv(
  flags: ServiceFlags,
  env: NodeJS.ProcessEnv,
  task: { model: RunModel; inputRoots: readonly string[]; outputRoots: readonly string[] },
): NodeJS.ProcessEnv {
  const given = Object.fromEntries(Object.entries(env).filter(([name]) => !NOT_FOR_TASKS.includes(name)));
  return {
    FOREBAY_LOG_LEVEL: 'warn',
    FOREBAY_SHUTDOWN_GRACE_S: GRACE_S,
    // The data folder is gone when the task ends.
    FOREBAY_RESULT_CACHE: join(cacheDir(env), 'result-cache'),
    ...given,
    ...toSettings(flags),
    FOREBAY_HOST: '127.0.0.1',
    FOREBAY_AUTH: 'off',
    FOREBAY_PORT: '0',
    FOREBAY_POOL: task.model.pool,
    FOREBAY_MODELS_DIR: task.model.source,
    FOREBAY_INPUT_ROOTS: task.inputRoots.map(rootWithoutColon).join(':'),
    // The links are the user's own. Requests still cannot name anything outside the roots.
    FOREBAY_FOLLOW_LINKS: 'on',
    FOREBAY_OUTPUT_ROOTS: task.outputRoots.map(rootWithoutColon).join(':'),
  };
}

/** Whether the user asked for log lines. */
export function wantsLog(flags: ServiceFlags, env: NodeJS.ProcessEnv): boolean {
  return flags.logLevel !== undefined || env['FOREBAY_LOG_LEVEL'] !== undefined;
}

/** Lists of folders are separated by ":". A folder with ":" in its path is replaced with the nearest parent without one. */
function rootWithoutColon(folder: string): string {
  if (isObjectUrl(folder)) return folder;
  const at = folder.indexOf(':');
  return at === -1 ? folder : folder.slice(0, folder.lastIndexOf('/', at)) || '/';
}
