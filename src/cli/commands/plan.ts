/** `forebay plan`: what a job would do and how fast, before it is run. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addKeyFlag } from '../options/api-flags.ts';
import { addGlobFlags, addJobFlags } from '../options/job-options.ts';
import { httpUrl, wholeNumber } from '../options/parsers.ts';
import { addLogFlag, addWorkerFlags } from '../options/service-flags.ts';
import type { PlanFlags } from '../plan/plan.ts';

const EXAMPLES = `
Examples:
  forebay plan --model models/digits-small --input photos
  forebay plan --model models/digits-small --input photos --batch-size 16 --lanes 2
  forebay plan --model digits-small --input photos --url http://127.0.0.1:8080

Nothing is run but a sample of about a second, and nothing is written.`;

export function addPlan(program: Command, context: CliContext): void {
  const command = program
    .command('plan')
    .summary('what a job would do, and how fast')
    .description(
      'Shows what a job would do before it is run: which operators run where, every size with what bound it, and rows/s and time from a sample of about a second. Takes the options of `run`; with --url it asks a running service.',
    )
    .option('--model <dir|name>', 'model folder; with --url the name of a model')
    .option('--input <path>', 'folder, file, or glob in quotes')
    .option('--manifest <file>', 'instead of --input: a file of one path, URL or {"id","uri"} a line')
    .option('--output <dir>', 'folder for the results: only checked');
  addGlobFlags(command);
  addJobFlags(command);
  addKeyFlag(command.option('--url <url>', 'ask this service instead of starting one', httpUrl));
  command.option('--workers <n>', 'worker processes (default: 1)', wholeNumber(1, 64));
  addWorkerFlags(command);
  addLogFlag(command);
  command
    .option('--json', 'the plan as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: PlanFlags) => {
      // Loaded when needed: other commands start faster without it.
      const { plan } = await import('../plan/plan.ts');
      context.exitWith(await plan(flags, context));
    });
}
