/** Finds the models that a pipeline names: other folders of the same models folder. */
import { basename, dirname, join } from 'node:path';
import { messageOf, type Issue } from '../errors.ts';
import { nearestName } from '../text/nearest-name.ts';
import { NO_ALIASES, readAliases } from './aliases.ts';
import { findModelDirs, type ModelDir } from './model-dirs.ts';
import { readFolderConfig } from './read-folder-config.ts';
import { latestVersion, nameOfParent, parseModelName } from './version-name.ts';

/** Where a folder's models folder is, if nobody says. */
export function modelsDirOf(dir: string): string {
  return nameOfParent(dir) === null ? dirname(dir) : dirname(dirname(dir));
}

/** Returns the folder of a model, or the problem. `asked`: a name, with a version or an alias if it has one. */
export async function findMember(modelsDir: string, asked: string): Promise<string | Omit<Issue, 'path'>> {
  const { name, version } = parseModelName(asked);
  const all = await findModelDirs(modelsDir).catch((error: unknown) => messageOf(error));
  if (typeof all === 'string') return { message: `${modelsDir} cannot be read: ${all}` };
  const versions = all.filter(({ place }) => place?.name === name);
  if (versions.length === 0) {
    const single = version === null ? await singleNamed(all, name) : null;
    return single ?? { message: notFound(modelsDir, asked, all) };
  }
  const aliases = await readAliases(join(modelsDir, name)).catch(() => NO_ALIASES);
  const names = versions.map(({ place }) => place!.version);
  const wanted =
    version === null ? latestVersion(names) : names.includes(version) ? version : aliases.get(version);
  const found = versions.find(({ place }) => place!.version === wanted);
  return (
    found?.dir ?? { message: `"${name}" has no version "${version}"; its versions are ${names.join(', ')}` }
  );
}

/** A folder without versions may have another name than its model. */
async function singleNamed(all: readonly ModelDir[], name: string): Promise<string | null> {
  const singles = all.filter(({ place }) => place === null);
  const likely = singles.filter(({ dir }) => basename(dir) === name);
  for (const { dir } of new Set([...likely, ...singles])) {
    const reading = await readFolderConfig(dir).catch(() => null);
    if (reading?.ok !== true) {
      // The member itself says what is wrong with it.
      if (basename(dir) === name) return dir;
      continue;
    }
    if ((reading.value as { readonly name?: unknown } | null)?.name === name) return dir;
  }
  return null;
}

function notFound(modelsDir: string, asked: string, all: readonly ModelDir[]): string {
  const names = [...new Set(all.map(({ dir, place }) => place?.name ?? basename(dir)))];
  const near = nearestName(asked, names);
  return `there is no model "${asked}" in ${modelsDir}${near === null ? '' : `; did you mean "${near}"?`}`;
}
