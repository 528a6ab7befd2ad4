/** `forebay job ID`: shows one job, or with `--watch` follows it until it ends. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { checkEmptyFlag, type EmptyFlag } from '../jobs/job-exit-code.ts';
import { jobText } from '../jobs/job-text.ts';
import { watchJob } from '../jobs/watch-job.ts';
import { statsText } from '../progress/stats-text.ts';
import { FLAGS } from '../options/flags.ts';
import { addHelp } from '../options/help.ts';
import { addApiUrlFlags, connectTo, type ApiFlags } from '../options/api-flags.ts';

interface ShowFlags extends ApiFlags, EmptyFlag {
  readonly watch?: true;
  readonly stats?: true;
}

export function addJob(program: Command, context: CliContext): void {
  const command = program
    .command('job')
    .argument('<id>', 'the job')
    .summary('show or follow a job')
    .description('Shows the state of a job.')
    .addOption(FLAGS.watch())
    .addOption(FLAGS.allowEmpty())
    .addOption(FLAGS.stats());
  addApiUrlFlags(command).action(async (id: string, flags: ShowFlags) =>
    context.exitWith(await show(id, flags, context)),
  );
  addHelp(command, {
    examples: [
      'forebay job job_01KAMK6X5V8E3M7Q9T2R4W6Y8Z --watch',
      'forebay job job_01KAMK6X5V8E3M7Q9T2R4W6Y8Z --stats',
    ],
  });
}

async function show(id: string, flags: ShowFlags, context: CliContext): Promise<number> {
  const { terminal } = context;
  checkEmptyFlag(flags);
  const api = connectTo(flags, context);
  if (flags.watch) {
    return watchJob(id, {
      api,
      context,
      json: flags.json === true,
      stats: flags.stats === true,
      allowEmpty: flags.allowEmpty === true,
    });
  }
  if (flags.stats) {
    const stats = await api.stats(id);
    terminal.out(flags.json ? `${JSON.stringify(stats)}\n` : statsText(stats));
    return EXIT.ok;
  }
  const job = await api.job(id);
  if (flags.json) terminal.out(`${JSON.stringify(job)}\n`);
  else terminal.out(jobText(job, await api.stats(id).catch(() => null)));
  return EXIT.ok;
}
