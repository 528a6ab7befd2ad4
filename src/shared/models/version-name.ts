/** Names of models and their versions: `tiny`, `tiny@2`, `tiny@latest`. A version is a folder `<name>/<version>`. Pure. */
import { basename, dirname } from 'node:path';

/** Stands for the highest version. No folder can have this name. */
const LATEST = 'latest';

export function isVersionName(name: string): boolean {
  return name !== LATEST && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name);
}

export const VERSION_RULE =
  `a version is named with at most 64 letters, digits, ".", "_" and "-", ` +
  `begins with a letter or a digit, and must not be "${LATEST}"`;

/** Orders whole numbers by value, above all other names. Compares other names part by part, with numbers by value. */
export function compareVersions(a: string, b: string): number {
  const [isA, isB] = [a, b].map((name) => /^\d+$/.test(name));
  if (isA !== isB) return isA ? 1 : -1;
  return NATURAL.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

const NATURAL = new Intl.Collator('en', { numeric: true });

/** Null if there is none. */
export function latestVersion(versions: readonly string[]): string | null {
  return versions.toSorted(compareVersions).at(-1) ?? null;
}

/** `version`: null for the latest one, or for a model without versions. */
export function parseModelName(text: string): { readonly name: string; readonly version: string | null } {
  const at = text.indexOf('@');
  if (at < 0) return { name: text, version: null };
  const version = text.slice(at + 1);
  return { name: text.slice(0, at), version: version === LATEST ? null : version };
}

export function modelTitle({
  name,
  version,
}: {
  readonly name: string;
  readonly version: string | null;
}): string {
  return version === null ? name : `${name}@${version}`;
}

/** The model's name if this is the folder of a numbered version, such as `2`, `v3` or `1.2.0`. Otherwise null. */
export function nameOfParent(dir: string): string | null {
  return /^v?\d+([._-]\d+)*$/.test(basename(dir)) ? basename(dirname(dir)) : null;
}
