/** `forebay up`: runs the whole service on this machine until Ctrl-C. Jobs and results outlive it. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import type { UpFlags } from '../up/up.ts';
import { FLAGS } from '../options/flags.ts';
import { addHelp } from '../options/help.ts';
import { addApiFlags, addLogFlag, addStorageFlags, addWorkerFlags } from '../options/service-flags.ts';

export function addUp(program: Command, context: CliContext): void {
  const command = program
    .command('up')
    .summary('run the whole service: API, workers, Redis')
    .description(
      'Runs the whole service on this machine: the API, workers and, unless REDIS_URL is set, a private Redis.',
    )
    .addOption(FLAGS.workers());
  addStorageFlags(command);
  addApiFlags(command);
  addWorkerFlags(command);
  addLogFlag(command).action(async (flags: UpFlags) => {
    // Loaded on demand, so that other commands start faster.
    const { up } = await import('../up/up.ts');
    context.exitWith(await up(flags, context));
  });
  addHelp(command, {
    examples: ['forebay up --models models --input-root photos', 'forebay up --workers 2 --port 8081'],
    notes: [
      'To submit a job from another terminal: forebay submit --model digits-small --input photos --watch',
      'Each flag except --workers replaces the value of a FOREBAY_* variable. The service uses the Redis that\nREDIS_URL names, or else a private one that keeps its data in the data folder.',
    ],
    exitCodes: '0 stopped, 1 failed, 2 bad usage, 130 stopped at once by a second Ctrl-C.',
  });
}
