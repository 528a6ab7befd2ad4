/** Runs `forebay keys`. Without --json, `create` writes only the key to stdout, so that `> file` holds nothing else. */
import { CREATE_KEY_BODY, keyToWire, toNewKey, type KeyWire } from '../../api/http/wire/key.ts';
import type { CliContext } from '../context.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { table } from '../jobs/table.ts';
import { withKeys, type KeyStoreFlags } from './with-keys.ts';

export interface KeysFlags extends KeyStoreFlags {
  readonly json?: true;
}

export interface CreateKeyFlags extends KeysFlags {
  readonly name?: string;
  readonly scope?: string[];
  readonly tenant?: string;
  /** Seconds. */
  readonly expires?: number;
}

export async function createKey(flags: CreateKeyFlags, context: CliContext): Promise<number> {
  const { terminal } = context;
  if (flags.name === undefined)
    throw new UsageError('--name NAME is missing: name the person or program that uses the key');
  const wanted = CREATE_KEY_BODY.safeParse({
    name: flags.name,
    tenant: flags.tenant,
    scopes: flags.scope?.flatMap((text) => text.split(',')),
    expires_in_s: flags.expires,
  });
  if (!wanted.success) {
    const wrong = wanted.error.issues.map((issue) => `${FLAGS[String(issue.path[0])]}: ${issue.message}`);
    throw new UsageError(wrong.join('; '));
  }
  const { text, record } = await withKeys(flags, context, (keys) =>
    keys.create(toNewKey(wanted.data, Date.now())),
  );
  const key = keyToWire(record);
  terminal.out(flags.json ? `${JSON.stringify({ ...key, key: text })}\n` : `${text}\n`);
  terminal.err(`Keep this key. It is not shown again. ${about(key)}\n`);
  return EXIT.ok;
}

export async function listKeys(flags: KeysFlags, context: CliContext): Promise<number> {
  const { terminal } = context;
  const all = (await withKeys(flags, context, (keys) => keys.list())).map(keyToWire);
  if (flags.json) terminal.out(`${JSON.stringify({ object: 'list', data: all })}\n`);
  else if (all.length === 0) terminal.err('No keys.\n');
  else terminal.out(keysTable(all));
  return EXIT.ok;
}

export async function revokeKey(id: string, flags: KeysFlags, context: CliContext): Promise<number> {
  await withKeys(flags, context, (keys) => keys.revoke(id));
  if (flags.json) context.terminal.out(`${JSON.stringify({ id, revoked: true })}\n`);
  else context.terminal.err(`Key ${id} is revoked.\n`);
  return EXIT.ok;
}

const FLAGS: Readonly<Record<string, string>> = {
  name: '--name',
  tenant: '--tenant',
  scopes: '--scope',
  expires_in_s: '--expires',
};

function about(key: KeyWire): string {
  const until = key.expires_at === null ? 'does not expire' : `valid until ${key.expires_at}`;
  return `Id ${key.id}, tenant ${key.tenant}, scopes ${key.scopes.join(', ')}, ${until}.`;
}

function keysTable(keys: readonly KeyWire[]): string {
  return table([
    ['ID', 'NAME', 'TENANT', 'SCOPES', 'CREATED', 'EXPIRES'],
    ...keys.map((key) => [
      key.id,
      key.name,
      key.tenant,
      key.scopes.join(','),
      key.created_at.slice(0, 16),
      key.expires_at?.slice(0, 16) ?? 'never',
    ]),
  ]);
}
