/** `forebay models alias NAME@VERSION ALIAS`, and `forebay models alias NAME ALIAS --remove`. */
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ALIAS_RULE, ALIASES_FILE, isAliasName, readAliases } from '../../shared/models/aliases.ts';
import { latestVersion, parseModelName } from '../../shared/models/version-name.ts';
import type { CliContext } from '../context.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { foldersOf, versionsOf } from './named-folders.ts';
import { modelsFolder, withHiddenFolder, type FolderFlags } from './models-folder.ts';

export interface AliasFlags extends FolderFlags {
  readonly remove?: boolean;
}

export async function aliasModel(
  asked: string,
  alias: string,
  flags: AliasFlags,
  context: CliContext,
): Promise<number> {
  const modelsDir = modelsFolder(flags, context);
  const { name } = parseModelName(asked);
  const change = flags.remove === true ? removeAlias : setAlias;
  context.terminal.out(`${await change(modelsDir, name, asked, alias)}\n`);
  return EXIT.ok;
}

async function setAlias(modelsDir: string, name: string, asked: string, alias: string): Promise<string> {
  if (!isAliasName(alias)) throw new UsageError(`"${alias}": ${ALIAS_RULE}`);
  const versions = await knownVersions(modelsDir, name);
  const { version } = parseModelName(asked);
  if (asked === name) throw new UsageError(`name a version, such as ${name}@${versions.at(-1)}`);
  if (versions.includes(alias))
    throw new UsageError(`"${alias}" is a version of "${name}"; choose another alias`);
  const target = version ?? latestVersion(versions)!;
  if (!versions.includes(target))
    throw new UsageError(`"${name}" has no version "${target}"; it has ${versions.join(', ')}`);
  const dir = join(modelsDir, name);
  const before = await readAliases(dir);
  await write(modelsDir, dir, new Map(before).set(alias, target));
  const was = before.get(alias);
  const moved = was === undefined || was === target ? '' : `, no longer ${name}@${was}`;
  return `${name}@${alias} now stands for ${name}@${target}${moved}`;
}

/** Also removes an alias whose version is gone. */
async function removeAlias(modelsDir: string, name: string, asked: string, alias: string): Promise<string> {
  if (asked !== name) throw new UsageError(`--remove takes the name of the model without a version: ${name}`);
  const dir = join(modelsDir, name);
  const aliases = new Map(await readAliases(dir));
  if (!aliases.delete(alias)) {
    const others = aliases.size === 0 ? 'it has none' : `it has ${[...aliases.keys()].toSorted().join(', ')}`;
    throw new UsageError(`"${name}" has no alias "${alias}"; ${others}`);
  }
  await write(modelsDir, dir, aliases);
  return `removed the alias ${name}@${alias}`;
}

async function knownVersions(modelsDir: string, name: string): Promise<string[]> {
  const folders = await foldersOf(modelsDir, name);
  const versions = versionsOf(folders);
  if (versions.length > 0) return versions;
  throw new UsageError(
    folders.length === 0
      ? `there is no model "${name}" in ${modelsDir}`
      : `"${name}" has no versions, so it can have no aliases`,
  );
}

/** A service that reads meanwhile sees the old file or the new one. */
async function write(modelsDir: string, dir: string, aliases: ReadonlyMap<string, string>): Promise<void> {
  const file = join(dir, ALIASES_FILE);
  if (aliases.size === 0) return rm(file, { force: true });
  await withHiddenFolder(modelsDir, async (hidden) => {
    const staged = join(hidden, ALIASES_FILE);
    const sorted = [...aliases].toSorted(([a], [b]) => (a < b ? -1 : 1));
    await writeFile(staged, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`);
    await rename(staged, file);
  });
}
