/** Reads model folders repeatedly (for each submit and listing), and hashes a file only once per content. */
import { basename, resolve } from 'node:path';
import { ForebayError, messageOf } from '../errors.ts';
import { readAliases, type Aliases } from './aliases.ts';
import { createContentMemo } from './content-memo.ts';
import { loadModelFolder, type ModelFolder } from './model-folder.ts';
import { LOCAL_PLACES, type ModelPlaces, type PlacedDir, type PlacedModels } from './places/model-places.ts';
import { CONFIG_FILE } from './config-file.ts';
import { isVersionName, modelTitle, VERSION_RULE } from './version-name.ts';

export interface ModelListing {
  /** In order of folder names. */
  readonly models: readonly ModelFolder[];
  /** Folders with a model or with aliases that cannot be used, and why. */
  readonly problems: readonly ModelProblem[];
  /** By name. Absent: the model has none. */
  readonly aliases: ReadonlyMap<string, Aliases>;
}

export interface ModelProblem {
  /** A folder, or the URL of one in an object store. */
  readonly dir: string;
  /** The model's name by its folders, such as `tiny` or `tiny@2`. */
  readonly title: string;
  readonly error: ForebayError;
}

export interface ModelFolderReader {
  /** Like loadModelFolder. */
  load(dir: string): Promise<ModelFolder>;
  /**
   * Lists the models in the folders below `modelsDir`, each version by itself, or the model in `modelsDir` itself if it
   * holds a graph. Throws ForebayError `model_not_found` if the folder does not exist, `invalid_model_config` if it cannot
   * be read, and `storage_unavailable` if its store cannot be reached.
   */
  list(modelsDir: string): Promise<ModelListing>;
}

export function createModelFolderReader(places: ModelPlaces = LOCAL_PLACES): ModelFolderReader {
  const memo = createContentMemo();
  const load = async (dir: string) => loadModelFolder(resolve(dir), memo);

  async function list(modelsDir: string): Promise<ModelListing> {
    const models: ModelFolder[] = [];
    const problems: ModelProblem[] = [];
    const { dirs, problems: absent, aliasesDir } = await findIn(places, modelsDir);
    problems.push(...absent.map(({ url, error }) => ({ dir: url, title: basename(url), error })));
    for (const found of dirs) {
      const { dir, place, note } = found;
      try {
        const read = await loadVersion(found);
        const notes = note === undefined ? read.notes : [...read.notes, note];
        const model = { ...read, notes, version: place?.version ?? null };
        const twin = models.find((other) => areTwins(other, model));
        if (twin !== undefined) throw duplicate(model.ref.name, twin.dir, dir);
        models.push(model);
      } catch (error) {
        if (!(error instanceof ForebayError)) throw error;
        const title = place === null ? basename(dir) : modelTitle(place);
        problems.push({ dir: found.url ?? dir, title, error: named(found, error) });
      }
    }
    const aliases = await readAllAliases(aliasesDir, models, problems);
    return { models, problems, aliases };
  }

  /** Throws if folder and config contradict each other. */
  async function loadVersion({ dir, place }: PlacedDir): Promise<ModelFolder> {
    if (place !== null && !isVersionName(place.version)) throw wrong(dir, '', VERSION_RULE);
    const model = await load(dir);
    const { name } = model.ref;
    if (place === null || name === place.name) return model;
    throw wrong(
      dir,
      '/name',
      `is "${name}", but the folder of its versions is "${place.name}"; leave the name out or make both the same`,
    );
  }

  return { load, list };
}

/** Adds a problem for each file that cannot be read. */
async function readAllAliases(
  aliasesDir: PlacedModels['aliasesDir'],
  models: readonly ModelFolder[],
  problems: ModelProblem[],
): Promise<ReadonlyMap<string, Aliases>> {
  const found = new Map<string, Aliases>();
  const names = new Set(models.flatMap(({ ref, version }) => (version === null ? [] : [ref.name])));
  for (const name of names) {
    const dir = aliasesDir(name);
    if (dir === null) continue;
    try {
      const aliases = await readAliases(dir);
      if (aliases.size > 0) found.set(name, aliases);
    } catch (error) {
      if (!(error instanceof ForebayError)) throw error;
      problems.push({ dir, title: name, error });
    }
  }
  return found;
}

/** Lists the models with a fresh reader, for callers that list once. */
export async function listModelFolders(modelsDir: string, places?: ModelPlaces): Promise<ModelListing> {
  return createModelFolderReader(places).list(modelsDir);
}

/** Users know the URL of a model, not its copy. */
function named({ dir, url }: PlacedDir, error: ForebayError): ForebayError {
  if (url === undefined) return error;
  const { code, issues } = error;
  const message = error.message.replaceAll(dir, url.replace(/\/$/, ''));
  return new ForebayError(code, message, { ...(issues && { issues }), cause: error });
}

/** Whether two models claim the same name. Only versions in one folder may share it. */
function areTwins(a: ModelFolder, b: ModelFolder): boolean {
  return a.ref.name === b.ref.name && (a.version === null || b.version === null);
}

function wrong(dir: string, path: string, message: string): ForebayError {
  const text = path === '' ? `${dir}: ${message}` : `${dir}: ${CONFIG_FILE} ${path}: ${message}`;
  return new ForebayError('invalid_model_config', text, { issues: [{ path, message }] });
}

function duplicate(name: string, first: string, second: string): ForebayError {
  return new ForebayError(
    'invalid_model_config',
    `model name "${name}" is taken by ${first}; give ${second} another "name" in its ${CONFIG_FILE}`,
    { issues: [{ path: '/name', message: `"${name}" is taken by ${first}` }] },
  );
}

async function findIn(places: ModelPlaces, modelsDir: string): Promise<PlacedModels> {
  try {
    return await places.find(modelsDir);
  } catch (cause) {
    throw cause instanceof ForebayError ? cause : unreadable(modelsDir, cause);
  }
}

function unreadable(modelsDir: string, cause: unknown): ForebayError {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT') {
    return new ForebayError('model_not_found', `there is no models folder ${modelsDir}`, { cause });
  }
  const why = code === 'ENOTDIR' ? 'is a file, or below one' : `cannot be read: ${messageOf(cause)}`;
  return new ForebayError('invalid_model_config', `the models folder ${modelsDir} ${why}`, { cause });
}
