/**
 * Aliases of a model's versions, such as `stable` for version 2. They are in `<name>/aliases.json`, beside the folders
 * of the versions. A job that names an alias gets the version that the alias stands for at that time.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ForebayError, messageOf } from '../errors.ts';
import { readText } from '../text/read-text.ts';
import { isVersionName } from './version-name.ts';

export const ALIASES_FILE = 'aliases.json';

/** From each alias to its version. */
export type Aliases = ReadonlyMap<string, string>;

export const NO_ALIASES: Aliases = new Map();

/** Refuses names that look like a version number, because they could be taken for a version. */
export function isAliasName(name: string): boolean {
  return isVersionName(name) && !/^v?\d/.test(name);
}

export const ALIAS_RULE =
  'an alias is named with letters, digits, ".", "_" and "-". It begins with a letter, does not look like a version such as v1, and is not "latest"';

/** `dir`: the folder of all versions. Throws ForebayError `invalid_model_config`. */
export async function readAliases(dir: string): Promise<Aliases> {
  const file = join(dir, ALIASES_FILE);
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw invalid(file, messageOf(error), error);
  });
  if (bytes === null) return NO_ALIASES;
  const reading = readText(bytes);
  if (!reading.ok) throw invalid(file, reading.why);
  return parseAliases(file, reading.text);
}

function parseAliases(file: string, text: string): Aliases {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(file, messageOf(error), error);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(file, 'expected an object of aliases, such as {"stable": "2"}');
  const aliases = new Map<string, string>();
  for (const [alias, version] of Object.entries(value)) {
    if (!isAliasName(alias)) throw invalid(file, `"${alias}": ${ALIAS_RULE}`);
    if (typeof version !== 'string' || !isVersionName(version))
      throw invalid(file, `"${alias}": expected the name of a version as text, such as "2"`);
    aliases.set(alias, version);
  }
  return aliases;
}

/** The aliases that stand for this version, sorted. */
export function aliasesOf(aliases: Aliases, version: string | null): string[] {
  return [...aliases].flatMap(([alias, to]) => (to === version ? [alias] : [])).toSorted();
}

function invalid(file: string, message: string, cause?: unknown): ForebayError {
  return new ForebayError('invalid_model_config', `${file}: ${message}`, { cause });
}
