/** `forebay plan`: what a job would do and how fast, before it is run. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addKeyFlag } from '../options/api-flags.ts';
import { addGlobFlags, addJobFlags } from '../options/job-options.ts';
import { FLAGS } from '../options/flags.ts';
import { addHelp } from '../options/help.ts';
import { addLogFlag, addWorkerFlags } from '../options/service-flags.ts';
import type { PlanFlags } from '../plan/plan.ts';

export function addPlan(program: Command, context: CliContext): void {
  const command = program
    .command('plan')
    .summary('what a job would do, and how fast')
    .description(
      'Shows what a job would do before it is run: which operators run where, every size with what bound it, and rows/s and time from a sample of about a second. Takes the options of `run`; with --url it asks a running service.',
    )
    .addOption(FLAGS.model())
    .addOption(FLAGS.input())
    .addOption(FLAGS.manifest())
    .addOption(FLAGS.output());
  addGlobFlags(command);
  addJobFlags(command);
  addKeyFlag(command.addOption(FLAGS.url('one of its own, for this plan')));
  command.addOption(FLAGS.workers());
  addWorkerFlags(command);
  addLogFlag(command);
  command.addOption(FLAGS.json()).action(async (flags: PlanFlags) => {
    // Loaded when needed: other commands start faster without it.
    const { plan } = await import('../plan/plan.ts');
    context.exitWith(await plan(flags, context));
  });
  addHelp(command, {
    examples: [
      'forebay plan --model models/digits-small --input photos',
      'forebay plan --model models/digits-small --input photos --batch-size 16 --lanes 2',
      'forebay plan --model digits-small --input photos --url http://127.0.0.1:8080',
    ],
    notes: ['Only a sample of about a second is run, and nothing is written: --output is only checked.'],
  });
}
