/** `forebay run`: runs one job from start to end in one process tree, with everything that it needs. */
import { Option, type Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addJobFlags, addWorkFlags } from '../options/job-options.ts';
import { FLAGS } from '../options/flags.ts';
import { addHelp, PIPELINE_NOTE } from '../options/help.ts';
import { addOwnServiceFlags } from '../options/service-flags.ts';
import type { RunFlags } from '../run/plan-run.ts';

export function addRun(program: Command, context: CliContext): void {
  const command = program
    .command('run')
    .summary('run a model over a folder, without a service')
    .description(
      'Runs a model over every row of an input and writes the results into a folder. It needs no service: it starts a private Redis, the API and workers, and stops them at the end.',
    );
  addWorkFlags(command);
  addJobFlags(command);
  command.addOption(FLAGS.allowEmpty());
  addOwnServiceFlags(command);
  command
    .addOption(FLAGS.stats())
    .addOption(new Option('--quiet', 'print only warnings and errors').conflicts('logLevel'))
    .addOption(FLAGS.json())
    .action(async (flags: RunFlags) => {
      // Loaded on demand, so that other commands start faster.
      const { run } = await import('../run/run.ts');
      context.exitWith(await run(flags, context));
    });
  addHelp(command, {
    examples: [
      'forebay run --model models/digits-small --input photos --output results',
      "forebay run --model models/digits-small --input 'photos/**/*.jpg' --output results --limit 100",
      'forebay run --model models/digits-small --input photos --output results --resume',
      'forebay run --pipeline cascade.json --models models --input photos --output results',
    ],
    notes: [PIPELINE_NOTE],
    exitCodes: '0 completed, 1 failed, 2 bad usage, 130 stopped by Ctrl-C.',
  });
}
