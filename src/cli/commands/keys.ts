/**
 * `forebay keys`: creates, lists and revokes API keys in the Redis of the service. Only this command can create the first
 * key.
 */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import type { CreateKeyFlags, KeysFlags } from '../keys/keys.ts';
import { SCOPES } from '../../shared/domain/scope.ts';
import { FLAGS } from '../options/flags.ts';
import { addHelp } from '../options/help.ts';
import { seconds, several } from '../options/parsers.ts';
import { addFlags } from '../options/service-flags.ts';

const NOTES = [
  `Scopes: ${SCOPES.join(', ')}.\nThe scope admin includes all others, for all tenants.`,
  'Keys are kept in the Redis that REDIS_URL names, or else in the private Redis of the data folder. The service need\nnot be running.',
];

export function addKeys(program: Command, context: CliContext): void {
  const keys = program
    .command('keys')
    .summary('create, list and revoke API keys')
    .description('Creates, lists and revokes the API keys of a service.')
    .helpCommand(false);
  addHelp(keys, {
    examples: [
      'forebay keys create --name me --scope admin',
      'forebay keys create --name nightly --tenant search --expires 90d',
      'forebay keys revoke 5f0c9e2ab1d34477',
    ],
    notes: NOTES,
  });

  // Loaded on demand, so that other commands start faster.
  const load = () => import('../keys/keys.ts');

  const create = withStoreFlags(keys.command('create'))
    .summary('create a key, which is shown once')
    .description(
      'Creates a key and writes it to stdout. It cannot be shown again, because only a hash of it is kept.',
    )
    .option('--name <name>', 'the person or program that uses it')
    .option('--scope <scope>', 'what it may do; repeatable (default: jobs:read and jobs:write)', several)
    .option('--tenant <tenant>', 'the tenant whose jobs it can read and submit (default: default)')
    .option('--expires <time>', 'how long it is valid, such as 12h or 90d (default: no expiry)', seconds)
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

  const list = withStoreFlags(keys.command('list'))
    .summary('list keys, without their secrets')
    .description('Lists all keys.')
    .action(async (flags: KeysFlags) => context.exitWith(await (await load()).listKeys(flags, context)));
  addHelp(list, { examples: ['forebay keys list'] });

  const revoke = withStoreFlags(keys.command('revoke'))
    .argument('<id>', 'the key: the part between its first two "_"')
    .summary('revoke a key')
    .description('Revokes a key. All later requests with it are refused.')
    .action(async (id: string, flags: KeysFlags) =>
      context.exitWith(await (await load()).revokeKey(id, flags, context)),
    );
  addHelp(revoke, { examples: ['forebay keys revoke 5f0c9e2ab1d34477'] });
}

function withStoreFlags(command: Command): Command {
  return addFlags(command, ['dataDir', 'redisUrl']).addOption(FLAGS.json());
}
