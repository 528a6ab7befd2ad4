/** `forebay cancel|pause|resume ID`. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { addApiUrlFlags, connectTo, type ApiFlags } from '../options/api-flags.ts';

const COMMANDS = {
  cancel: 'cancel a job; results that are there stay',
  pause: 'pause a job: its waiting blocks leave the queue',
  resume: 'let a paused job go on',
} as const;

export function addControl(program: Command, context: CliContext): void {
  for (const name of ['cancel', 'pause', 'resume'] as const) {
    const command = program.command(name).argument('<id>', 'the job').description(COMMANDS[name]);
    addApiUrlFlags(command).action(async (id: string, flags: ApiFlags) => {
      const job = await connectTo(flags, context)[name](id);
      context.terminal.out(flags.json ? `${JSON.stringify(job)}\n` : `${job.id} ${job.status}\n`);
      context.exitWith(EXIT.ok);
    });
  }
}
