/** Finds the model folders in a models folder: `<name>/` or `<name>/<version>/`. Opens no file. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CONFIG_FILE, GRAPH_FILE } from './model-folder.ts';

export interface ModelDir {
  readonly dir: string;
  /** Null for a folder that is not in a folder of versions. */
  readonly place: { readonly name: string; readonly version: string } | null;
}

/** A folder with more entries holds something else, and looking at all of them would take long. */
const MAX_VERSIONS = 256;

/**
 * In order of names. The models folder itself, if it holds a graph. Names that begin with a dot are left out. Throws node:fs's
 * error if the models folder cannot be read.
 */
export async function findModelDirs(modelsDir: string): Promise<ModelDir[]> {
  const names: string[] = await readdir(modelsDir);
  if (names.includes(GRAPH_FILE)) return [{ dir: modelsDir, place: null }];
  const found: ModelDir[] = [];
  for (const name of visible(names)) {
    const dir = join(modelsDir, name);
    const inside: string[] = await readdir(dir).catch(() => []);
    if (inside.includes(GRAPH_FILE) || inside.includes(CONFIG_FILE)) found.push({ dir, place: null });
    else if (inside.length <= MAX_VERSIONS) found.push(...(await versionsIn(dir, name, visible(inside))));
  }
  return found;
}

async function versionsIn(dir: string, name: string, inside: readonly string[]): Promise<ModelDir[]> {
  const has = await Promise.all(
    inside.map(async (version) => stat(join(dir, version, CONFIG_FILE)).catch(() => null)),
  );
  return inside
    .filter((_, i) => has[i] !== null)
    .map((version) => ({ dir: join(dir, version), place: { name, version } }));
}

function visible(names: readonly string[]): string[] {
  return names.filter((name) => !name.startsWith('.')).toSorted();
}
