/** `forebay keys`: makes, lists and revokes API keys, in the service's Redis: the first one can come from nowhere else. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import type { CreateKeyFlags, KeysFlags } from '../keys/keys.ts';
import { FLAGS } from '../options/flags.ts';
import { addHelp } from '../options/help.ts';
import { seconds, several } from '../options/parsers.ts';
import { addFlags } from '../options/service-flags.ts';

const NOTES = [
  'Scopes: jobs:read, jobs:write, models:write, admin (all of them, over all tenants).',
  'Redis is REDIS_URL, or the private one of the data folder, whether its service runs or not.',
];

export function addKeys(program: Command, context: CliContext): void {
  const keys = program
    .command('keys')
    .summary('make, list and revoke API keys')
    .description('Makes, lists and revokes the API keys of a service.')
    .helpCommand(false);
  addHelp(keys, {
    examples: [
      'forebay keys create --name me --scope admin',
      'forebay keys create --name nightly --tenant search --expires 90d',
      'forebay keys revoke 5f0c9e2ab1d34477',
    ],
    notes: NOTES,
  });

  // Loaded when needed: other commands start faster without it.
  const load = () => import('../keys/keys.ts');

  const create = place(keys.command('create'))
    .summary('make a key; it is shown once')
    .description('Makes a key and writes it to stdout, this once: only a hash of it is kept.')
    .option('--name <name>', 'who or what uses it')
    .option('--scope <scope>', 'what it may do; repeatable (default: jobs:read and jobs:write)', several)
    .option('--tenant <tenant>', 'whose jobs it sees and makes (default: default)')
    .option('--expires <time>', 'how long it is valid: 12h, 90d (default: for ever)', seconds)
    .action(async (flags: CreateKeyFlags) =>
      context.exitWith(await (await load()).createKey(flags, context)),
    );
  addHelp(create, {
    examples: [
      'forebay keys create --name me --scope admin',
      'forebay keys create --name nightly --tenant search --expires 90d > nightly.key',
    ],
    notes: NOTES,
  });

  const list = place(keys.command('list'))
    .summary('list keys, without their secrets')
    .description('Lists all keys.')
    .action(async (flags: KeysFlags) => context.exitWith(await (await load()).listKeys(flags, context)));
  addHelp(list, { examples: ['forebay keys list'] });

  const revoke = place(keys.command('revoke'))
    .argument('<id>', 'the key: the part between the first two "_" of it')
    .summary('revoke a key')
    .description('Revokes a key: requests that come after it are refused.')
    .action(async (id: string, flags: KeysFlags) =>
      context.exitWith(await (await load()).revokeKey(id, flags, context)),
    );
  addHelp(revoke, { examples: ['forebay keys revoke 5f0c9e2ab1d34477'] });
}

function place(command: Command): Command {
  return addFlags(command, ['dataDir', 'redisUrl']).addOption(FLAGS.json());
}
