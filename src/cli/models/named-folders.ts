/** Which folders of a models folder hold a model of this name. Reads configs, but no graph completely. */
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

/** The folders of a model's name, also those with a broken config, by the name of their folder. */
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
