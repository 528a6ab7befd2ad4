/** `forebay tune`: measures the fastest settings for a model on this machine and saves them as a profile. */
import { InvalidArgumentError, type Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addReadingFlags, addWorkFlags } from '../options/job-options.ts';
import { FLAGS } from '../options/flags.ts';
import { addHelp, PIPELINE_NOTE } from '../options/help.ts';
import { wholeNumber } from '../options/parsers.ts';
import { addModelsFlag } from '../options/service-flags.ts';
import type { TuneFlags } from '../tune/plan-tune.ts';

export function addTune(program: Command, context: CliContext): void {
  const command = program
    .command('tune')
    .summary('measure the fastest settings for a model on this machine')
    .description(
      'Measures a model on rows of an input with different lanes, threads, batch sizes and decode threads. It saves the fastest settings as a profile, which the workers of this user on this machine then use. It changes a setting only if the gain exceeds the noise.',
    );
  addReadingFlags(addWorkFlags(command))
    .option('--rows <n>', 'rows of the input to measure with', wholeNumber(1, 100_000), 256)
    .option('--seconds-per-config <s>', 'seconds to measure each configuration', seconds, 1.5)
    .option('--max-batch <n>', 'largest batch to try (default: 64, or 256 on a GPU)', wholeNumber(1, 1024))
    .option('--try-lanes <list>', 'numbers of lanes to try, such as 1,2,4', list(256))
    .option('--try-threads-per-lane <list>', 'threads per lane to try', list(256))
    .option('--try-batch-sizes <list>', 'batch sizes to try', list(1024))
    .option('--try-decode-threads <list>', 'decode threads to try', list(256))
    .option(
      '--memory-limit-mb <n>',
      'memory that all lanes together may use (default: 70 % of the machine)',
      wholeNumber(1, 100_000_000),
    )
    .option('--exhaustive', 'also measure every configuration, and report how close the search came')
    .option('--report <file>', 'draw the measurements into an HTML file')
    .addOption(FLAGS.json());
  addModelsFlag(command).action(async (flags: TuneFlags) => {
    const { tune } = await import('../tune/tune.ts');
    context.exitWith(await tune(flags, context));
  });
  addHelp(command, {
    examples: [
      'forebay tune --model models/digits-small --input photos',
      'forebay tune --pipeline cascade.json --input photos --report tune.html',
      'forebay tune --model models/digits-small --input photos --try-lanes 1,2 --try-batch-sizes 8,16',
    ],
    notes: [
      PIPELINE_NOTE,
      'Tune a machine that is otherwise idle. Ctrl-C stops early and keeps the best so far.',
    ],
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
