/** `forebay keys`: makes, lists and revokes API keys, in the service's Redis: the first one can come from nowhere else. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import type { CreateKeyFlags, KeysFlags } from '../keys/keys.ts';
import { seconds, several } from '../options/parsers.ts';

const EXAMPLES = `
Examples:
  forebay keys create --name me --scope admin
  forebay keys create --name nightly --tenant search --expires 90d > nightly.key
  forebay submit --api-key-file nightly.key --model digits-small --input photos
  forebay keys revoke 5f0c9e2ab1d34477

Scopes: jobs:read, jobs:write, models:write, admin (all of them, over all tenants).
Redis is REDIS_URL, or the private one of the data folder, whether its service runs or not.`;

export function addKeys(program: Command, context: CliContext): void {
  const keys = program
    .command('keys')
    .summary('make, list and revoke API keys')
    .description('Makes, lists and revokes the API keys of a service.')
    .helpCommand(false)
    .addHelpText('after', EXAMPLES);

  // Loaded when needed: other commands start faster without it.
  const load = () => import('../keys/keys.ts');

  place(keys.command('create'))
    .summary('make a key; it is shown once')
    .description('Makes a key and writes it to stdout, this once: only a hash of it is kept.')
    .option('--name <name>', 'who or what uses it')
    .option('--scope <scope>', 'what it may do; repeatable (default: jobs:read and jobs:write)', several)
    .option('--tenant <tenant>', 'whose jobs it sees and makes (default: default)')
    .option('--expires <time>', 'how long it is valid: 12h, 90d (default: for ever)', seconds)
    .action(async (flags: CreateKeyFlags) =>
      context.exitWith(await (await load()).createKey(flags, context)),
    );

  place(keys.command('list'))
    .summary('list keys, without their secrets')
    .description('Lists all keys.')
    .action(async (flags: KeysFlags) => context.exitWith(await (await load()).listKeys(flags, context)));

  place(keys.command('revoke'))
    .argument('<id>', 'the key: the part between the first two "_" of it')
    .summary('revoke a key')
    .description('Revokes a key: requests that come after it are refused.')
    .action(async (id: string, flags: KeysFlags) =>
      context.exitWith(await (await load()).revokeKey(id, flags, context)),
    );
}

function place(command: Command): Command {
  return command
    .option('--data <dir>', "folder of the service's state (default: .forebay)")
    .option('--redis-url <url>', "the service's Redis (default: REDIS_URL)")
    .option('--json', 'output for programs');
}
