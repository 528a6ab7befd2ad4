/** Hints for a path that does not exist, although one with a similar name does. */
import { existsSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { existingForm, formHint } from '../text/unicode-form.ts';

/** Names of a folder that are looked at. */
const LOOKED_AT = 10_000;

/** Returns a clause about an absolute path that does not exist, or null. */
export async function otherSpelling(path: string): Promise<string | null> {
  const form = existingForm(path, existsSync);
  if (form !== null) return formHint(form);
  const other = await otherCase(path).catch(() => null);
  return other === null ? null : `${other} exists, so letter case matters`;
}

/** Where the first missing part of the path exists in another letter case. Rejects with the errors of node:fs. */
async function otherCase(path: string): Promise<string | null> {
  let missing = path;
  while (!existsSync(dirname(missing))) missing = dirname(missing);
  const folder = dirname(missing);
  const name = basename(missing).toLowerCase();
  let looked = 0;
  for await (const entry of await opendir(folder)) {
    if (entry.name.toLowerCase() === name) return join(folder, entry.name);
    if (++looked === LOOKED_AT) return null;
  }
  return null;
}
