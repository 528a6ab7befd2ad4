/** Finds the models on disk, S3 and Azure that this worker should serve. */
import { ForebayError, messageOf } from '../../shared/errors.ts';
import { createModelFolderReader } from '../../shared/models/model-folder-reader.ts';
import type { ModelFolder } from '../../shared/models/model-folder.ts';
import { LOCAL_PLACES, type ModelPlaces } from '../../shared/models/places/model-places.ts';
import { latestVersion, parseModelName } from '../../shared/models/version-name.ts';
import { joinKeys, lookAt, type FolderLook } from './folder-look.ts';

export interface ModelsWanted {
  readonly dirs: readonly string[];
  /** Names, which stand for all versions, or names with a version, such as `tiny@2`. Empty: all models. */
  readonly only: readonly string[];
  readonly pool: string;
  /** Default: folders on this machine only. */
  readonly places?: ModelPlaces;
}

export interface FoundModel {
  readonly folder: ModelFolder;
  /** Taken before the folder was read, so that a change during the reading shows later. */
  readonly look: FolderLook;
  /** Differs from an earlier one if a file of the folder, or of a member of a pipeline, may have changed. */
  readonly filesKey: string;
}

export interface FolderProblem {
  readonly path: string;
  /** The model's name by its folders, such as `tiny` or `tiny@2`. Null: a whole folder of models. */
  readonly title: string | null;
  readonly error: ForebayError;
}

export interface FoundModels {
  readonly models: readonly FoundModel[];
  /** The looks of all folders that may hold a model, by path or URL. Taken before the folders were read. */
  readonly looks: ReadonlyMap<string, FolderLook>;
  /** Folders that cannot be read. */
  readonly problems: readonly FolderProblem[];
}

/** Looks at all folders that may hold a model. */
export async function lookAtModels({
  dirs,
  places = LOCAL_PLACES,
}: ModelsWanted): Promise<ReadonlyMap<string, FolderLook>> {
  const looks = new Map<string, FolderLook>();
  for (const dir of dirs) {
    const stored = await places.look(dir);
    for (const [url, key] of stored ?? []) looks.set(url, { key, files: [] });
    if (stored !== null) continue;
    for (const folder of await candidates(dir)) looks.set(folder, await lookAt(folder));
  }
  return looks;
}

/** Reads and hashes all models. */
export async function findModels(wanted: ModelsWanted): Promise<FoundModels> {
  const { dirs, only, pool, places } = wanted;
  const looks = await lookAtModels(wanted);
  // A new reader hashes every file. A used one trusts a file's size and time.
  const reader = createModelFolderReader(places);
  const models: FoundModel[] = [];
  const lookOnce = memoLooks(looks);
  /** If two folders have a model of the same name, the first one wins. */
  const inEarlierDir = new Set<string>();
  const problems: FolderProblem[] = [];
  for (const dir of dirs) {
    const listing = await reader.list(dir).catch((error: unknown) => {
      problems.push({ path: dir, title: null, error: asForebayError(error) });
      return { models: [], problems: [], aliases: new Map<string, never>() };
    });
    const ours = listing.models.filter(({ ref }) => ref.pool === pool && !inEarlierDir.has(ref.name));
    for (const folder of ours) {
      if (only.length > 0 && !only.some((asked) => isAsked(asked, folder, ours))) continue;
      models.push({ folder, look: await lookOnce(folder.dir), filesKey: await filesKeyOf(folder, lookOnce) });
    }
    for (const { ref } of ours) inEarlierDir.add(ref.name);
    problems.push(...listing.problems.map(({ dir: path, title, error }) => ({ path, title, error })));
  }
  return { models, looks, problems };
}

/** A pipeline loads the files of its members too, so their looks belong to its key. */
async function filesKeyOf(
  { dir, members }: ModelFolder,
  look: (dir: string) => Promise<FolderLook>,
): Promise<string> {
  const { key } = await look(dir);
  return joinKeys(key, await Promise.all(members.map(async (member) => filesKeyOf(member, look))));
}

/** Returns looks that were taken before, and takes the others only once. */
function memoLooks(taken: ReadonlyMap<string, FolderLook>): (dir: string) => Promise<FolderLook> {
  const more = new Map<string, Promise<FolderLook>>();
  return async (dir) => {
    const known = taken.get(dir) ?? more.get(dir);
    if (known !== undefined) return known;
    const look = lookAt(dir);
    more.set(dir, look);
    return look;
  };
}

export function foldersOf({ models }: FoundModels): ModelFolder[] {
  return models.map(({ folder }) => folder);
}

/** @throws ForebayError `model_not_found` if a model that was requested by name does not exist. */
export function requireNamed({ only, pool, dirs }: ModelsWanted, { models }: FoundModels): void {
  const folders = models.map(({ folder }) => folder);
  for (const name of only) {
    if (folders.some((folder) => isAsked(name, folder, folders))) continue;
    throw new ForebayError('model_not_found', `No model "${name}" for pool "${pool}" in ${dirs.join(', ')}.`);
  }
}

/** `asked`: an entry of ModelsWanted.only. `all`: which version is `latest` depends on the others. */
function isAsked(asked: string, { ref, version }: ModelFolder, all: readonly ModelFolder[]): boolean {
  const { name, version: wanted } = parseModelName(asked);
  if (name !== ref.name) return false;
  if (asked === name) return true;
  const versions = all.flatMap((folder) => (folder.ref.name === name ? (folder.version ?? []) : []));
  return version === (wanted ?? latestVersion(versions));
}

function asForebayError(error: unknown): ForebayError {
  if (error instanceof ForebayError) return error;
  return new ForebayError('invalid_model_config', messageOf(error), { cause: error });
}

async function candidates(dir: string): Promise<string[]> {
  const found = await LOCAL_PLACES.find(dir).catch(() => null);
  return (found?.dirs ?? []).map((model) => model.dir);
}
