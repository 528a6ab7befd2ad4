/** `forebay loadtest`: how fast a model of a running service answers, at given rates or with given numbers of clients. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { ProblemError } from '../../client/problem-error.ts';
import { messageOf } from '../../shared/errors.ts';
import { untilAborted } from '../../shared/process/lifecycle.ts';
import type { CliContext } from '../context.ts';
import { EXIT, exitCodeOfSignal, UsageError } from '../exit-codes.ts';
import { onStopSignals } from '../launch/stop-signals.ts';
import { runLoad, type Load } from '../loadtest/run-load.ts';
import { loadText, summariseLoad, type LoadSummary } from '../loadtest/summarise-load.ts';
import { addApiUrlFlags, connectTo, type ApiFlags } from '../options/api-flags.ts';
import { FLAGS } from '../options/flags.ts';
import { addHelp } from '../options/help.ts';
import { numberWithin, wholeNumber } from '../options/parsers.ts';

interface LoadtestFlags extends ApiFlags {
  readonly model: string;
  readonly input: string;
  readonly rate?: readonly number[];
  readonly clients?: readonly number[];
  readonly seconds: number;
}

/** Files are held in memory, so that reading them costs no time of the test. */
const MOST_FILES = 1_000;

export function addLoadtest(program: Command, context: CliContext): void {
  const command = program
    .command('loadtest')
    .summary('how fast a model answers at once')
    .description('Sends requests to a model of a running service, one file each, and prints the latencies.')
    .addOption(FLAGS.model().makeOptionMandatory())
    .addOption(FLAGS.input().makeOptionMandatory())
    .addOption(
      new Option('--rate <r1,r2>', 'requests per second, sent at random times without waiting for answers')
        .argParser<readonly number[]>(list(numberWithin(0.01, 100_000)))
        .conflicts('clients'),
    )
    .addOption(
      new Option(
        '--concurrency, --clients <n1,n2>',
        'clients, each of which waits for its answer before it asks again (default: 1)',
      ).argParser<readonly number[]>(list(wholeNumber(1, 10_000))),
    )
    .option('--seconds <n>', 'how long each load lasts', wholeNumber(1, 86_400), 10);
  addApiUrlFlags(command).action(async (flags: LoadtestFlags) => {
    // After Ctrl-C, users still see what has been measured.
    const stop = new AbortController();
    const removeHandlers = onStopSignals({
      onFirst: () => stop.abort(),
      onForced: (signal) => process.exit(exitCodeOfSignal(signal)),
    });
    const summaries = await loadtest(flags, context, stop.signal).finally(removeHandlers);
    if (flags.json) await context.terminal.pipe(`${JSON.stringify(summaries)}\n`);
    else if (summaries.length > 0) context.terminal.out(loadText(summaries));
    const isAnswered = summaries.every(({ latency_ms }) => latency_ms !== null);
    context.exitWith(stop.signal.aborted ? EXIT.interrupted : isAnswered ? EXIT.ok : EXIT.failed);
  });
  addHelp(command, {
    examples: [
      'forebay loadtest --model digits-small --input pictures --clients 1,8,64',
      'forebay loadtest --model digits-small --input pictures --rate 50,100,200 --seconds 30',
    ],
    notes: [
      '--input is a file or a folder: images, sounds, or .txt files.',
      'With --rate, a latency counts from the time at which the request should have been sent.',
      'Ctrl-C ends it early and prints what has been measured.',
      'Run it on another machine than the service. Otherwise it takes CPU time from the service.',
    ],
  });
}

async function loadtest(
  flags: LoadtestFlags,
  context: CliContext,
  signal: AbortSignal,
): Promise<LoadSummary[]> {
  const { model, input, rate, clients = [1], seconds } = flags;
  const api = connectTo(flags, context);
  const rows = rowsAt(resolve(context.cwd, input), input);
  let next = 0;
  const ask = async () =>
    api.predictOne(model, rows[next++ % rows.length]!).then(
      () => null,
      (error: unknown) => (error instanceof ProblemError ? error.code : 'unreachable'),
    );
  // Fails with the service's error if it cannot answer at all. This also loads the model.
  await Promise.race([api.predictOne(model, rows[0]!), untilAborted(signal)]);
  const loads: readonly Load[] =
    rate?.map((one) => ({ rate: one })) ?? clients.map((count) => ({ clients: count }));
  const summaries: LoadSummary[] = [];
  for (const load of loads) {
    if (signal.aborted) break;
    const report = await runLoad(load, seconds, ask, Math.random, signal);
    if (report.answers.length > 0) summaries.push(summariseLoad(report));
  }
  return summaries;
}

function rowsAt(path: string, given: string): (string | Uint8Array)[] {
  try {
    const isFolder = statSync(path).isDirectory();
    const files = isFolder ? filesIn(path) : [path];
    if (files.length === 0) throw new UsageError(`--input ${given} has no files.`);
    return files.map((file) => {
      const bytes = readFileSync(file);
      return extname(file).toLowerCase() === '.txt' ? bytes.toString('utf8') : bytes;
    });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`--input must be a file or a folder here. It cannot be read: ${messageOf(error)}`);
  }
}

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  return entries.slice(0, MOST_FILES).map(({ name }) => join(folder, name));
}

/** Values with commas between them. */
function list(one: (text: string) => number): (text: string) => readonly number[] {
  return (text) => {
    const values = text.split(',').map((part) => one(part.trim()));
    if (values.length <= 50) return values;
    throw new InvalidArgumentError('It must be a list of at most 50 values.');
  };
}
