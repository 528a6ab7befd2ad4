/** Finds the folders in a models folder that hold a model of a given name. Never reads a whole graph. */
import { findModelDirs } from '../../shared/models/model-dirs.ts';
import { compareVersions } from '../../shared/models/version-name.ts';
import { readModelParts } from '../../shared/models/model-folder.ts';

export interface NamedFolder {
  readonly dir: string;
  readonly name: string;
  readonly version: string | null;
}

/** The versions among these folders, oldest first. */
export function versionsOf(folders: readonly NamedFolder[]): string[] {
  return folders.flatMap(({ version }) => version ?? []).toSorted(compareVersions);
}

/** All folders that hold a model of this name. A model with a broken config has the name of its folder. */
export async function foldersOf(modelsDir: string, name: string): Promise<NamedFolder[]> {
  const found: NamedFolder[] = [];
  for (const { dir, place } of await findModelDirs(modelsDir).catch(() => [])) {
    if (place !== null) found.push({ dir, ...place });
    else {
      const own = await readModelParts(dir).then(
        ({ config }) => config.name,
        () => null,
      );
      found.push({ dir, name: own ?? dir.slice(modelsDir.length + 1), version: null });
    }
  }
  return found.filter((folder) => folder.name === name);
}
