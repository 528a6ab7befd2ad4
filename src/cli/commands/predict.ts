/** `forebay predict`: asks a model of a running service for an answer at once, and prints it. */
import { readFileSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { PredictBody, PredictOptions } from '../../api/http/wire/predict.ts';
import { messageOf } from '../../shared/errors.ts';
import { TASK_OPTION_NAMES } from '../../shared/tasks/task-options.ts';
import type { CliContext } from '../context.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { addApiUrlFlags, connectTo, type ApiFlags } from '../options/api-flags.ts';
import { FLAGS } from '../options/flags.ts';
import { addHelp } from '../options/help.ts';
import { jobFlag } from '../options/job-options.ts';
import { wholeNumber } from '../options/parsers.ts';

interface PredictFlags extends ApiFlags {
  readonly model: string;
  readonly input?: string;
  readonly text?: string;
  readonly timeoutMs?: number;
  readonly priority?: number;
}

const MAX_TIMEOUT_MS = 600_000;

export function addPredict(program: Command, context: CliContext): void {
  const command = program
    .command('predict')
    .summary('ask a model for an answer at once')
    .description(
      'Sends an image, a sound, a text or rows to a model of a running service, and prints the answer as JSON.',
    )
    .addOption(FLAGS.model().makeOptionMandatory())
    .addOption(FLAGS.input())
    .addOption(new Option('--text <text>', 'a text, for a model of texts').conflicts('input'))
    .option(
      '--timeout-ms <n>',
      'how long to wait for the answer (default: 30000)',
      wholeNumber(1, MAX_TIMEOUT_MS),
    )
    .addOption(jobFlag('priority'));
  for (const name of TASK_OPTION_NAMES) command.addOption(jobFlag(name));
  addApiUrlFlags(command).action(async (flags: PredictFlags) => {
    await context.terminal.pipe(`${JSON.stringify(await predict(flags, context))}\n`);
    context.exitWith(EXIT.ok);
  });
  addHelp(command, {
    examples: [
      'forebay predict --model digits-small --input seven.png --top-k 3',
      'forebay predict --model sentiment --text Hello',
    ],
    notes: [
      '--input is one file: an image, a sound, a .txt file, or a .json file with {"rows":[...]}.',
      'For a folder or a table, submit a job.',
    ],
  });
}

async function predict(flags: PredictFlags, context: CliContext): Promise<unknown> {
  const { model, input, text, timeoutMs, priority } = flags;
  const api = connectTo(flags, context);
  const options = optionsOf(flags);
  const settings = {
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(priority !== undefined && { priority }),
  };
  if (text !== undefined) return api.predictOne(model, text, { ...options, ...settings });
  if (input === undefined)
    throw new UsageError('the row is missing: give a file with --input, or a text with --text');
  const bytes = read(resolve(context.cwd, input));
  const type = extname(input).toLowerCase();
  if (type === '.txt') return api.predictOne(model, bytes.toString('utf8'), { ...options, ...settings });
  if (type !== '.json') return api.predictOne(model, bytes, { ...options, ...settings });
  const body = parse(input, bytes);
  return api.predict(model, {
    ...body,
    ...(Object.keys(options).length > 0 && { options: { ...body.options, ...options } }),
    ...(timeoutMs !== undefined && { timeout_ms: timeoutMs }),
    ...(priority !== undefined && { priority }),
  });
}

function optionsOf(flags: PredictFlags): PredictOptions {
  const values = flags as unknown as Readonly<Record<string, unknown>>;
  const given = TASK_OPTION_NAMES.map((name) => [name, values[jobFlag(name).attributeName()]] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined)) as PredictOptions;
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`--input must be one file here. It cannot be read: ${messageOf(error)}`);
  }
}

/** The service checks the content. */
function parse(name: string, bytes: Buffer): PredictBody {
  try {
    return JSON.parse(bytes.toString('utf8')) as PredictBody;
  } catch (error) {
    throw new UsageError(`--input ${name} is not JSON: ${messageOf(error)}`);
  }
}
