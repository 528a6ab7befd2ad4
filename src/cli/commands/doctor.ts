/** `forebay doctor`: what will work here, what will not, and what to do about it. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import type { DoctorFlags } from '../doctor/doctor.ts';
import { several } from '../options/parsers.ts';

export function addDoctor(program: Command, context: CliContext): void {
  program
    .command('doctor')
    .summary('check this machine, Redis and models')
    .description(
      'Checks Node, Redis, CPU, memory, disk and models, with advice. Exit 1 when something will not work.',
    )
    .option('--models <dir>', 'folder of model folders; repeatable (default: models)', several)
    .option('--data <dir>', 'folder for results and state (default: .forebay)')
    .option('--redis-url <url>', 'the Redis to check (default: REDIS_URL)')
    .option('--json', 'output for programs')
    .action(async (flags: DoctorFlags) => {
      // Loaded when needed: other commands start faster without it.
      const { doctor } = await import('../doctor/doctor.ts');
      context.exitWith(await doctor(flags, context));
    });
}
