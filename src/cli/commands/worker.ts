/** `forebay worker`: one worker in this process, for containers. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { runInProcess } from '../launch/run-in-process.ts';
import { addHelp } from '../options/help.ts';
import {
  addFlags,
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
      'Runs one worker. It needs the REDIS_URL of the API. Each flag replaces the value of a variable (REDIS_URL or FOREBAY_*).',
    );
  addFlags(command, ['redisUrl', 'pool', 'models']);
  addStorageFlags(command);
  addWorkerFlags(command);
  addFlags(command, ['workerPort', 'workerHost']);
  addLogFlag(command).action((flags: ServiceFlags) =>
    runInProcess('workers', toSettings(flags), context.env),
  );
  addHelp(command, {
    examples: [
      'forebay worker --redis-url redis://127.0.0.1:6379 --models models',
      'forebay worker --pool gpu --serve digits-small,digits-large',
    ],
  });
}
