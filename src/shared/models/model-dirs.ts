/** Finds the model folders in a models folder: `<name>/` or `<name>/<version>/`. Opens no file. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CONFIG_FILE } from './config-file.ts';
import { holdsModelFile } from './read-folder-config.ts';

export interface ModelDir {
  readonly dir: string;
  /** Null for a folder that is not in a folder of versions. */
  readonly place: { readonly name: string; readonly version: string } | null;
}

/** A folder with more entries holds something else, and looking at all of them would take long. */
const MAX_VERSIONS = 256;

/**
 * Returns the model folders in order of names, or only the models folder itself if it holds a graph or a predictor. Leaves out names
 * that begin with a dot. Throws the error of `namesIn`, such as that of node:fs, if the models folder cannot be read.
 */
export async function findModelDirs(
  modelsDir: string,
  namesIn: (dir: string) => Promise<string[]> = async (dir) => readdir(dir),
): Promise<ModelDir[]> {
  const names = await namesIn(modelsDir);
  if (holdsModelFile(names)) return [{ dir: modelsDir, place: null }];
  const found: ModelDir[] = [];
  for (const name of visible(names)) {
    const dir = join(modelsDir, name);
    const inside = await namesIn(dir).catch((): string[] => []);
    if (isModel(inside)) found.push({ dir, place: null });
    else if (inside.length <= MAX_VERSIONS)
      found.push(...(await versionsIn(dir, name, visible(inside), namesIn)));
  }
  // A pipeline is no more than its config.
  return found.length === 0 && names.includes(CONFIG_FILE) ? [{ dir: modelsDir, place: null }] : found;
}

async function versionsIn(
  dir: string,
  name: string,
  inside: readonly string[],
  namesIn: (dir: string) => Promise<string[]>,
): Promise<ModelDir[]> {
  const names = await Promise.all(
    inside.map(async (version) => namesIn(join(dir, version)).catch((): string[] => [])),
  );
  return inside
    .filter((_, i) => isModel(names[i]!))
    .map((version) => ({ dir: join(dir, version), place: { name, version } }));
}

/** Whether a folder with these names may be a model folder. */
export function isModel(names: readonly string[]): boolean {
  return holdsModelFile(names) || names.includes(CONFIG_FILE);
}

function visible(names: readonly string[]): string[] {
  return names.filter((name) => !name.startsWith('.')).toSorted();
}
