/** `forebay doctor`: reports what works on this machine, what does not, and how to fix it. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import type { DoctorFlags } from '../doctor/doctor.ts';
import { FLAGS } from '../options/flags.ts';
import { addHelp } from '../options/help.ts';
import { addFlags } from '../options/service-flags.ts';

export function addDoctor(program: Command, context: CliContext): void {
  const command = program
    .command('doctor')
    .summary('check this machine, Redis and models')
    .description(
      'Checks Node, Redis, CPU, memory, disk, execution providers and models, and says how to fix what it finds.',
    );
  addFlags(command, ['modelsDirs', 'dataDir', 'redisUrl']);
  command.addOption(FLAGS.json()).action(async (flags: DoctorFlags) => {
    // Loaded on demand, so that other commands start faster.
    const { doctor } = await import('../doctor/doctor.ts');
    context.exitWith(await doctor(flags, context));
  });
  addHelp(command, {
    examples: ['forebay doctor', 'forebay doctor --models models --redis-url redis://127.0.0.1:6379'],
    exitCodes: '0 everything works, 1 something does not, 2 bad usage.',
  });
}
