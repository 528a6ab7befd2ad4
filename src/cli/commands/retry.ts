/** `forebay retry ID`: runs the failed rows of an ended job again. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { watchJob } from '../jobs/watch-job.ts';
import { FLAGS } from '../options/flags.ts';
import { addHelp } from '../options/help.ts';
import { addApiUrlFlags, connectTo, type ApiFlags } from '../options/api-flags.ts';

interface RetryFlags extends ApiFlags {
  readonly watch?: true;
}

export function addRetry(program: Command, context: CliContext): void {
  const command = program
    .command('retry')
    .argument('<id>', 'a job that has ended')
    .summary('run the failed rows of a job again')
    .description('Runs the failed rows of a job again, as a new job with the same output.')
    .addOption(FLAGS.watch());
  addApiUrlFlags(command).action(async (id: string, flags: RetryFlags) => {
    const api = connectTo(flags, context);
    const job = await api.retry(id);
    if (flags.watch) {
      if (!flags.json) context.terminal.err(`${job.id}\n`);
      return context.exitWith(await watchJob(job.id, { api, context, json: flags.json === true }));
    }
    context.terminal.out(flags.json ? `${JSON.stringify(job)}\n` : `${job.id}\n`);
    return context.exitWith(EXIT.ok);
  });
  addHelp(command, { examples: ['forebay retry job_01KAMK6X5V8E3M7Q9T2R4W6Y8Z --watch'] });
}
