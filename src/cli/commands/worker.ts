/** `forebay worker`: one worker, in this process, for containers. */
import { statSync } from 'node:fs';
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { becomeProcess } from '../launch/become-process.ts';
import { wholeNumber } from '../options/parsers.ts';
import {
  addLogFlag,
  addStorageFlags,
  addWorkerFlags,
  splitModels,
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
    .option('--pool <name>', 'the pool it belongs to (default: default)');
  addStorageFlags(command, {
    flag: '--models <dir|names>',
    text: 'folders of models (default: models), and names of those to serve (default: all); "," or repeated',
  });
  addWorkerFlags(command);
  command.option('--health-port <port>', 'answer health checks on this port', wholeNumber(0, 65_535));
  addLogFlag(command).action(({ models, ...flags }: ServiceFlags) =>
    becomeProcess('workers', toSettings({ ...flags, ...splitModels(models, isFolder) }), context.env),
  );
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
