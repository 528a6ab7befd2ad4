/** `forebay api`: the API alone, in this process, for containers. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { becomeProcess } from '../launch/become-process.ts';
import {
  addApiFlags,
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
      'Runs the API alone. It needs REDIS_URL; every flag is a setting FOREBAY_*, which holds where the flag is absent.',
    )
    .option('--redis-url <url>', 'redis://, rediss:// or unix:///path.sock (default: REDIS_URL)');
  addStorageFlags(command);
  addApiFlags(command);
  addLogFlag(command).action((flags: ServiceFlags) => becomeProcess('api', toSettings(flags), context.env));
}
