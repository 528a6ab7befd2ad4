/** `forebay jobs`: the jobs of a running service, newest first. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { jobsTable } from '../jobs/job-text.ts';
import { addApiUrlFlags, connectTo, type ApiFlags } from '../options/api-flags.ts';
import { shellLine } from '../../shared/text/shell-line.ts';
import { nextPage } from '../shell-words.ts';
import { addHelp } from '../options/help.ts';
import { several, wholeNumber } from '../options/parsers.ts';

interface JobsFlags extends ApiFlags {
  readonly status?: string[];
  readonly pageSize?: number;
  readonly cursor?: string;
}

export function addJobs(program: Command, context: CliContext): void {
  const command = program
    .command('jobs')
    .summary('list jobs')
    .description('Lists the jobs of a running service, newest first.')
    .option(
      '--status <status>',
      'only jobs in this state, such as running, queued or completed; repeatable',
      several,
    )
    .option('--page-size <n>', 'jobs per page (default: 20)', wholeNumber(1, 100))
    .option('--cursor <cursor>', 'the cursor of the next page, which the previous page printed');
  addApiUrlFlags(command).action(async (flags: JobsFlags) => context.exitWith(await jobs(flags, context)));
  addHelp(command, {
    examples: ['forebay jobs', 'forebay jobs --status running --status queued --page-size 100'],
  });
}

async function jobs(flags: JobsFlags, context: CliContext): Promise<number> {
  const { terminal, program, argv } = context;
  const { status, pageSize, cursor } = flags;
  const page = await connectTo(flags, context).jobs({
    ...(status === undefined ? {} : { status }),
    ...(pageSize === undefined ? {} : { limit: pageSize }),
    ...(cursor === undefined ? {} : { cursor }),
  });
  if (flags.json) {
    terminal.out(`${JSON.stringify(page)}\n`);
    return EXIT.ok;
  }
  if (page.data.length === 0) terminal.err('No jobs.\n');
  else terminal.out(jobsTable(page.data, Date.now()));
  if (page.next_cursor !== null)
    terminal.err(`More: ${program} ${shellLine(nextPage(argv, page.next_cursor))}\n`);
  return EXIT.ok;
}
