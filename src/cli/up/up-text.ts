/** The text that `forebay up` prints when the service has started. Pure except for the search for redis-cli. */
import type { Config } from '../../shared/config/config.ts';
import { fallbackOf } from '../../shared/config/describe-config.ts';
import { API } from '../../shared/config/groups/api.ts';
import { redactRedisUrl } from '../../shared/redis/redis-url.ts';
import type { CliContext } from '../context.ts';
import { redisCliLine } from '../launch/redis-cli.ts';
import type { Ready } from '../launch/service-process.ts';

export interface UpFacts {
  readonly url: string;
  readonly redisUrl: string;
  readonly config: Config;
  readonly workers: readonly Ready[];
  readonly context: Pick<CliContext, 'env' | 'program'>;
  readonly cacheDir: string;
}

const DEFAULT_PORT = fallbackOf(API.port);

export function upText({ url, redisUrl, config, workers, context, cacheDir }: UpFacts): string {
  const here = reachableUrl(url);
  const models = [...new Set(workers.flatMap((worker) => worker.models))].toSorted();
  const problems = new Map(workers.flatMap((worker) => worker.problems.map((p) => [p.model, p.message])));
  const elsewhere = new URL(here).port === DEFAULT_PORT ? '' : ` --url ${here}`;
  return [
    'Forebay is up.',
    `  API      ${here}`,
    `  open     ${here}/ (dashboard)`,
    `  docs     ${here}/docs`,
    `  Redis    ${redactRedisUrl(redisUrl)}`,
    `  inspect  ${redisCliLine(redisUrl, context.env, cacheDir)}`,
    `  inputs   ${[...config.inputRoots, ...config.objectRoots].join(', ')}`,
    `  results  ${[...config.outputRoots, ...config.objectOutputRoots].join(', ')}`,
    `  models   ${modelsText(models, problems.size, config.modelsDirs)}`,
    ...[...problems].map(([model, message]) => `  not served: ${model}: ${message}`),
    ...(models.length === 0
      ? []
      : ['Try it:', `  ${context.program} submit --model ${models[0]} --input PATH --watch${elsewhere}`]),
    'Press Ctrl-C to stop. Unfinished jobs continue at the next start.',
    '',
  ].join('\n');
}

function modelsText(served: readonly string[], problems: number, dirs: readonly string[]): string {
  if (served.length > 0) return served.join(', ');
  if (problems > 0) return 'none can be served:';
  return `none in ${dirs.join(', ')}: put a model folder there, or choose another with --models`;
}

/** The API may listen on all addresses, but a browser needs one of them. */
function reachableUrl(url: string): string {
  const parsed = new URL(url);
  if (parsed.hostname === '0.0.0.0') parsed.hostname = '127.0.0.1';
  if (parsed.hostname === '[::]') parsed.hostname = '[::1]';
  return parsed.origin;
}
