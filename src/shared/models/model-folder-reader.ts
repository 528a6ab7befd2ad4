/** Reads model folders repeatedly (for each submit and listing), and hashes a file only once per content. */
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ForebayError } from '../errors.ts';
import { createContentMemo } from './content-memo.ts';
import { loadModelFolder, type ModelFolder } from './model-folder.ts';
import { CONFIG_FILE, holdsGraph } from './read-folder-config.ts';

export interface ModelListing {
  /** In order of folder names. */
  readonly models: readonly ModelFolder[];
  /** Folders with a model that cannot be used, and why. */
  readonly problems: readonly { readonly dir: string; readonly error: ForebayError }[];
}

export interface ModelFolderReader {
  /** Like loadModelFolder. */
  load(dir: string): Promise<ModelFolder>;
  /**
   * Lists the models in the folders below `modelsDir`, or the model in `modelsDir` itself if it holds a graph. Throws
   * ForebayError `model_not_found` if the folder does not exist.
   */
  list(modelsDir: string): Promise<ModelListing>;
}

export function createModelFolderReader(): ModelFolderReader {
  const memo = createContentMemo();
  const load = async (dir: string) => loadModelFolder(resolve(dir), memo);

  async function list(modelsDir: string): Promise<ModelListing> {
    const models: ModelFolder[] = [];
    const problems: { dir: string; error: ForebayError }[] = [];
    for (const dir of await modelDirs(modelsDir)) {
      try {
        const model = await load(dir);
        const twin = models.find((m) => m.ref.name === model.ref.name);
        if (twin === undefined) models.push(model);
        else problems.push({ dir, error: duplicate(model.ref.name, twin.dir, dir) });
      } catch (error) {
        if (!(error instanceof ForebayError)) throw error;
        problems.push({ dir, error });
      }
    }
    return { models, problems };
  }

  return { load, list };
}

/** Lists the models with a fresh reader, for callers that list once. */
export async function listModelFolders(modelsDir: string): Promise<ModelListing> {
  return createModelFolderReader().list(modelsDir);
}

function duplicate(name: string, first: string, second: string): ForebayError {
  return new ForebayError(
    'invalid_model_config',
    `model name "${name}" is taken by ${first}; give ${second} another "name" in its ${CONFIG_FILE}`,
    { issues: [{ path: '/name', message: `"${name}" is taken by ${first}` }] },
  );
}

async function modelDirs(modelsDir: string): Promise<string[]> {
  let entries;
  try {
    entries = await readdir(modelsDir, { withFileTypes: true });
  } catch (cause) {
    throw new ForebayError('model_not_found', `there is no models folder ${modelsDir}`, { cause });
  }
  const names = entries.map((e) => e.name);
  if (holdsGraph(names)) return [modelsDir];
  const dirs: string[] = [];
  for (const name of names.filter((n) => !n.startsWith('.')).toSorted()) {
    const inside: string[] = await readdir(join(modelsDir, name)).catch(() => []);
    if (holdsGraph(inside) || inside.includes(CONFIG_FILE)) dirs.push(join(modelsDir, name));
  }
  return dirs;
}
