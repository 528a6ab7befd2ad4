/** `forebay plan`: shows what a job would do and how fast, before it runs. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addKeyFlag } from '../options/api-flags.ts';
import { addJobFlags, addWorkFlags } from '../options/job-options.ts';
import { FLAGS } from '../options/flags.ts';
import { addHelp, PIPELINE_NOTE } from '../options/help.ts';
import { addOwnServiceFlags } from '../options/service-flags.ts';
import type { PlanFlags } from '../plan/plan.ts';

export function addPlan(program: Command, context: CliContext): void {
  const command = program
    .command('plan')
    .summary('what a job would do, and how fast')
    .description(
      'Shows what a job would do before it runs: which operators run where, and what limits each size. A sample of about a second gives an estimate of rows/s and time. The command takes the options of `run`. With --url, it asks a running service.',
    );
  addWorkFlags(command);
  addJobFlags(command);
  addKeyFlag(command.addOption(FLAGS.url('a temporary one, for this plan')));
  addOwnServiceFlags(command);
  command.addOption(FLAGS.json()).action(async (flags: PlanFlags) => {
    // Loaded on demand, so that other commands start faster.
    const { plan } = await import('../plan/plan.ts');
    context.exitWith(await plan(flags, context));
  });
  addHelp(command, {
    examples: [
      'forebay plan --model models/digits-small --input photos',
      'forebay plan --model models/digits-small --input photos --batch-size 16 --lanes 2',
      'forebay plan --model digits-small --input photos --url http://127.0.0.1:8080',
      'forebay plan --pipeline cascade.json --models models --input photos',
    ],
    notes: [
      PIPELINE_NOTE,
      'The command runs only a sample of about a second. It writes nothing, and only checks --output.',
    ],
  });
}
