/** `forebay worker`: one worker, in this process, for containers. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { becomeProcess } from '../launch/become-process.ts';
import { several, wholeNumber } from '../options/parsers.ts';
import {
  addLogFlag,
  addStorageFlags,
  addWorkerFlags,
  toSettings,
  type ServiceFlags,
} from '../options/service-flags.ts';

export function addWorker(program: Command, context: CliContext): void {
  const command = program
    .command('worker')
    .summary('one worker, for containers')
    .description(
      'Runs one worker. It needs REDIS_URL, that of the API; every flag is a setting FOREBAY_*, which holds where the flag is absent.',
    )
    .option('--redis-url <url>', 'redis://, rediss:// or unix:///path.sock (default: REDIS_URL)')
    .option('--pool <name>', 'the pool it belongs to (default: default)')
    .option(
      '--serve <model>',
      'serve only the model of this name; repeatable (default: all of --models)',
      several,
    );
  addStorageFlags(command);
  addWorkerFlags(command);
  command.option('--health-port <port>', 'answer health checks on this port', wholeNumber(0, 65_535));
  addLogFlag(command).action((flags: ServiceFlags) =>
    becomeProcess('workers', toSettings(flags), context.env),
  );
}
