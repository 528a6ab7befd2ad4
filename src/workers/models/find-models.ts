/** Finds the models on disk that this worker should serve. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ForebayError, messageOf } from '../../shared/errors.ts';
import { createModelFolderReader } from '../../shared/models/model-folder-reader.ts';
import { type ModelFolder } from '../../shared/models/model-folder.ts';
import { CONFIG_FILE, holdsGraph } from '../../shared/models/read-folder-config.ts';
import { lookAt, type FolderLook } from './folder-look.ts';

export interface ModelsWanted {
  readonly dirs: readonly string[];
  /** Names. Empty: all models. */
  readonly only: readonly string[];
  readonly pool: string;
}

export interface FoundModel {
  readonly folder: ModelFolder;
  /** Taken before the folder was read. */
  readonly look: FolderLook;
}

export interface FoundModels {
  readonly models: readonly FoundModel[];
  /** The looks of all folders that may hold a model, by path. Taken before the folders were read. */
  readonly looks: ReadonlyMap<string, FolderLook>;
  /** Folders that cannot be read. */
  readonly problems: readonly { readonly path: string; readonly error: ForebayError }[];
}

/** Looks at all folders that may hold a model. */
export async function lookAtModels({ dirs }: ModelsWanted): Promise<ReadonlyMap<string, FolderLook>> {
  const looks = new Map<string, FolderLook>();
  for (const dir of dirs) {
    for (const folder of await candidates(dir)) looks.set(folder, await lookAt(folder));
  }
  return looks;
}

/** Reads and hashes all models. */
export async function findModels(wanted: ModelsWanted): Promise<FoundModels> {
  const { dirs, only, pool } = wanted;
  const looks = await lookAtModels(wanted);
  // A new reader hashes every file. A used one trusts a file's size and time.
  const reader = createModelFolderReader();
  const models = new Map<string, FoundModel>();
  const problems: { path: string; error: ForebayError }[] = [];
  for (const dir of dirs) {
    const listing = await reader.list(dir).catch((error: unknown) => {
      problems.push({ path: dir, error: asForebayError(error) });
      return { models: [], problems: [] };
    });
    for (const folder of listing.models) {
      const { ref } = folder;
      if (ref.pool !== pool || (only.length > 0 && !only.includes(ref.name))) continue;
      const look = looks.get(folder.dir) ?? (await lookAt(folder.dir));
      if (!models.has(ref.name)) models.set(ref.name, { folder, look });
    }
    problems.push(...listing.problems.map(({ dir: path, error }) => ({ path, error })));
  }
  return { models: [...models.values()], looks, problems };
}

export function foldersOf({ models }: FoundModels): ModelFolder[] {
  return models.map(({ folder }) => folder);
}

/** @throws ForebayError `model_not_found` if a model that was requested by name does not exist. */
export function requireNamed({ only, pool, dirs }: ModelsWanted, { models }: FoundModels): void {
  for (const name of only) {
    if (models.some(({ folder }) => folder.ref.name === name)) continue;
    throw new ForebayError('model_not_found', `No model "${name}" for pool "${pool}" in ${dirs.join(', ')}.`);
  }
}

function asForebayError(error: unknown): ForebayError {
  if (error instanceof ForebayError) return error;
  return new ForebayError('model_not_found', messageOf(error), { cause: error });
}

async function candidates(dir: string): Promise<string[]> {
  const names: string[] = await readdir(dir).catch(() => []);
  if (holdsGraph(names)) return [dir];
  const folders: string[] = [];
  for (const name of names.toSorted()) {
    if (name.startsWith('.')) continue;
    const inside: string[] = await readdir(join(dir, name)).catch(() => []);
    if (holdsGraph(inside) || inside.includes(CONFIG_FILE)) folders.push(join(dir, name));
  }
  return folders;
}
