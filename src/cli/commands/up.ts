/** `forebay up`: the whole service on this machine, until Ctrl-C; jobs and results outlive it. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import type { UpFlags } from '../up/up.ts';
import { wholeNumber } from '../options/parsers.ts';
import { addApiFlags, addLogFlag, addStorageFlags, addWorkerFlags } from '../options/service-flags.ts';

const EXAMPLES = `
Examples:
  forebay up --models models --input-root photos
  forebay submit --model digits-small --input photos --watch     (in another terminal)

Every flag is a setting FOREBAY_*, which holds where the flag is absent. Redis is REDIS_URL, or a private one
whose data lies in the data folder.`;

export function addUp(program: Command, context: CliContext): void {
  const command = program
    .command('up')
    .summary('run the whole service: API, workers, Redis')
    .description(
      'Runs the whole service on this machine: API, workers and, unless REDIS_URL names one, a private Redis.',
    )
    .option('--workers <n>', 'worker processes', wholeNumber(1, 64), 1);
  addStorageFlags(command);
  addApiFlags(command);
  addWorkerFlags(command);
  addLogFlag(command)
    .addHelpText('after', EXAMPLES)
    .action(async (flags: UpFlags) => {
      // Loaded when needed: other commands start faster without it.
      const { up } = await import('../up/up.ts');
      context.exitWith(await up(flags, context));
    });
}
