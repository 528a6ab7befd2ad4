/** `forebay predict`: asks a model of a running service for an answer at once, and prints it. */
import { readFileSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { PredictBody, PredictOptions } from '../../api/http/wire/predict.ts';
import { messageOf } from '../../shared/errors.ts';
import { TASK_OPTION_NAMES } from '../../shared/tasks/task-options.ts';
import type { CliContext } from '../context.ts';
import { codeOf, EXIT, UsageError } from '../exit-codes.ts';
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
    const answer = await predict(flags, context).catch((error: unknown) => {
      throw inTermsOfFlags(error);
    });
    await context.terminal.pipe(`${JSON.stringify(answer)}\n`);
    context.exitWith(EXIT.ok);
  });
  addHelp(command, {
    examples: [
      'forebay predict --model digits-small --input seven.png --top-k 3',
      'forebay predict --model sentiment --text Hello',
    ],
    notes: [
      '--input is one file: an image, a sound, a .txt file, a .json file with {"rows":[...]}, or a',
      '.jsonl file with one row per line.',
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
  if (type !== '.json' && type !== '.jsonl') return api.predictOne(model, bytes, { ...options, ...settings });
  const json = bytes.toString('utf8');
  const body = type === '.json' ? parse<PredictBody>(input, json) : { rows: parseLines(input, json) };
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
function parse<T>(name: string, text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new UsageError(`--input ${name} is not JSON: ${messageOf(error)}`);
  }
}

function parseLines(name: string, text: string): PredictBody['rows'] {
  return text
    .split('\n')
    .flatMap((line, at) =>
      line.trim() === '' ? [] : [parse<PredictBody['rows'][number]>(`${name}, line ${at + 1},`, line)],
    );
}

/** The service speaks of media types, which a command does not have. */
function inTermsOfFlags(error: unknown): unknown {
  if (codeOf(error) !== 'unsupported_media_type') return error;
  return new UsageError(
    `${messageOf(error)} In a command, rows are a .json file with {"rows":[...]} or a .jsonl file with one row per line, given with --input. Texts are --text or a .txt file.`,
  );
}
