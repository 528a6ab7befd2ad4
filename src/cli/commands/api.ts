/** `forebay api`: the API alone in this process, for containers. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { runInProcess } from '../launch/run-in-process.ts';
import { addHelp } from '../options/help.ts';
import {
  addApiFlags,
  addFlags,
  addLogFlag,
  addStorageFlags,
  toSettings,
  type ServiceFlags,
} from '../options/service-flags.ts';

export function addApi(program: Command, context: CliContext): void {
  const command = program
    .command('api')
    .summary('the API alone, for containers')
    .description(
      'Runs the API alone. It needs REDIS_URL. Each flag replaces the value of a variable (REDIS_URL or FOREBAY_*).',
    );
  addFlags(command, ['redisUrl']);
  addStorageFlags(command);
  addApiFlags(command);
  addLogFlag(command).action((flags: ServiceFlags) => runInProcess('api', toSettings(flags), context.env));
  addHelp(command, { examples: ['forebay api --redis-url redis://127.0.0.1:6379 --models models'] });
}
