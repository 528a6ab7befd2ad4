/**
 * Flags that several commands share, each written once: a name means the same everywhere, and takes the same kind
 * of value. What is used where nothing is given may differ.
 */
import { Option } from 'commander';
import { httpUrl, several, wholeNumber } from './parsers.ts';

const option = (flags: string, text: string) => new Option(flags, text);

export const FLAGS = {
  model: () => option('--model <model>', 'folder of a model, or its name where a running service is asked'),
  input: () => option('--input <path>', 'folder, file, or glob in quotes'),
  manifest: () =>
    option('--manifest <file>', 'instead of --input: a file with a path, URL or {"id","uri"} per line'),
  output: () => option('--output <dir>', 'folder of the results'),
  workers: () =>
    option('--workers <n>', 'worker processes (default: 1)').argParser<number>(wholeNumber(1, 64)),
  models: () =>
    option(
      '--models <dir>',
      'folder of model folders, or one model folder; repeatable (default: models)',
    ).argParser<string[]>(several),
  data: () => option('--data <dir>', 'folder for results and state (default: .forebay)'),
  redisUrl: () =>
    option('--redis-url <url>', 'Redis: redis://, rediss:// or unix:///path.sock (default: REDIS_URL)'),
  url: (otherwise: string) =>
    option('--url <url>', `a running service (default: ${otherwise})`).argParser<string>(httpUrl),
  json: () => option('--json', 'output for programs'),
  watch: () => option('--watch', 'follow the job until it ends; exit 0 if it completed, else 1'),
  allowEmpty: () => option('--allow-empty', 'exit 0, not 1, when the input holds no row'),
  stats: () => option('--stats', 'where the time went, what limits the job and what to do about it'),
} as const;
