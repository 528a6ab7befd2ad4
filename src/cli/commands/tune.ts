/** `forebay tune`: measures which settings are fastest for a model on this machine, and writes them down. */
import { InvalidArgumentError, type Command } from 'commander';
import type { CliContext } from '../context.ts';
import { wholeNumber } from '../options/parsers.ts';
import type { TuneFlags } from '../tune/plan-tune.ts';

const EXAMPLES = `
Examples:
  forebay tune --model models/digits-small --input photos
  forebay tune --model models/digits-small --input photos --report tune.html

Tune a machine that has nothing else to do. Exit codes: 0 done, 1 failed, 2 bad usage, 130 stopped by Ctrl-C.`;

export function addTune(program: Command, context: CliContext): void {
  program
    .command('tune')
    .summary('measure the fastest settings for a model on this machine')
    .description(
      'Measures a model with rows of an input under different lanes, threads, batch sizes and decode threads, and keeps the fastest settings in a profile that workers of this user and machine use where nothing else is said.',
    )
    .option('--model <dir>', 'model folder: model.onnx and model.json')
    .option('--input <path>', 'folder, file, or glob in quotes: what the rows are like')
    .option('--manifest <file>', 'instead of --input: a file of one path, URL or {"id","uri"} a line')
    .option('--rows <n>', 'rows of the input to measure with', wholeNumber(1, 100_000), 256)
    .option('--seconds-per-config <s>', 'how long a configuration is measured', seconds, 1.5)
    .option('--max-batch <n>', 'largest batch to try', wholeNumber(1, 1024), 64)
    .option('--lanes <list>', 'try only these, as 1,2,4', list(256))
    .option('--threads-per-lane <list>', 'try only these', list(256))
    .option('--batch-sizes <list>', 'try only these', list(1024))
    .option('--decode-threads <list>', 'try only these', list(256))
    .option(
      '--memory-limit-mb <n>',
      'what all lanes together may hold (default: 70 % of the memory)',
      wholeNumber(1, 100_000_000),
    )
    .option('--exhaustive', 'measure every configuration, too, and say how far off the search was')
    .option('--report <file>', 'draw the measurements into an HTML file')
    .option('--json', 'the profile as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: TuneFlags) => {
      const { tune } = await import('../tune/tune.ts');
      context.exitWith(await tune(flags, context));
    });
}

function seconds(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0.05 && value <= 600) return value;
  throw new InvalidArgumentError('It must be a number of seconds from 0.05 to 600.');
}

function list(max: number): (text: string) => number[] {
  const read = wholeNumber(1, max);
  return (text) => text.split(',').map((part) => read(part.trim()));
}
