/**
 * A model on disk: a folder with a graph or a predictor, a config (`model.json`, or the files of another tool), and
 * further files. The graph names external weights, and the config names files that the task needs. Reads and identifies
 * a model. Only a lane can find out whether the graph runs.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelConfig, ModelRef } from '../domain/model/model-config.ts';
import { ForebayError, type Issue } from '../errors.ts';
import {
  createContentMemo,
  haveChanged,
  stampFile,
  type ContentMemo,
  type ModelFile,
} from './content-memo.ts';
import { CONFIG_FILE } from './config-file.ts';
import { readModelConfig } from './read-model-config.ts';
import { readDefaults, readExternalFiles, type ExternalFile } from './graph-files.ts';
import { createMemberBudget, loadMembers, withMembers, type MemberBudget } from './load-members.ts';
import { withFilesOfHooks, withHooks } from './hook-files.ts';
import { hashModel } from './model-hash.ts';
import { modelsDirOf } from './pipeline-members.ts';
import { adviceForSource, readPredictorFiles } from './predictor-files.ts';
import { readNamedFiles, type NamedModelFile } from './named-files.ts';
import { readFolderConfig, type FolderConfig } from './read-folder-config.ts';
import { nameOfParent } from './version-name.ts';

export interface ModelFolder {
  readonly dir: string;
  readonly config: ModelConfig;
  /** The files that hold the config, for messages. Absent: model.json. */
  readonly configFile?: string | undefined;
  /** The files that the config names, in the order of the task. */
  readonly named: readonly NamedModelFile[];
  readonly ref: ModelRef;
  /** Name of its folder, if that is in a folder of versions. */
  readonly version: string | null;
  /** The graph, the module of a predictor, or the config of a pipeline. */
  readonly entryPath: string;
  /** It has no folder, because a job gave it in its request. */
  readonly inline?: true;
  /** Paths of the external data files, in which the graph keeps weights. Of a predictor: all its other files. */
  readonly external: readonly string[];
  /** Inputs for which the graph itself has a value. Absent if the model has no graph. */
  readonly defaults?: readonly string[];
  /** The models of a pipeline, in its order. */
  readonly members: readonly ModelFolder[];
  /** What the user should know about how the folder was read. Empty for a folder with a whole model.json. */
  readonly notes: readonly string[];
  /** Size of the graph and its external data, of a predictor's files, or of all models of a pipeline. */
  readonly bytes: number;
  /**
   * Every file in the folder that determines the model's answers, as it was when `ref.hash` was computed. See
   * haveChanged.
   */
  readonly files: readonly ModelFile[];
}

/** Where a pipeline finds its models. */
export interface ModelPlace {
  /** Absent: the folder that holds the pipeline's folder. */
  readonly modelsDir?: string;
  /** Folders of the pipelines that lead to this model. */
  readonly chain?: readonly string[];
  /** What the first of these pipelines leaves to this one. */
  readonly budget?: MemberBudget;
}

/** How often a folder is read if it changes during each reading. */
const ATTEMPTS = 3;

/**
 * Throws ForebayError `model_not_found` (no such folder) or `invalid_model_config` with every issue found. Reads every
 * file of the model to hash it, except those that `memo` knows.
 */
export async function loadModelFolder(
  dir: string,
  memo = createContentMemo(),
  place: ModelPlace = {},
): Promise<ModelFolder> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const parts = await readModelParts(dir, memo, place);
    const hash = await hashModel(parts, memo);
    if (!(await haveChanged(parts.files))) return toModelFolder(parts, hash);
  }
  throw new ForebayError(
    'invalid_model_config',
    `the files of ${dir} changed while they were read; try again when they are all in place`,
  );
}

/** Everything about a folder except its hash, which needs all its files to be read. */
export interface ModelParts extends Omit<ModelFolder, 'ref' | 'version' | 'external'> {
  /** Null for a pipeline. */
  readonly entry: ModelFile | null;
  readonly external: readonly ExternalFile[];
}

export async function readModelParts(
  dir: string,
  memo: ContentMemo = createContentMemo(),
  place: ModelPlace = {},
): Promise<ModelParts> {
  const reading = await readFolderConfig(dir);
  if (reading === null) return noConfig(dir);
  if (!reading.ok) throw invalid(dir, reading.issues, reading.cause);
  const issues: Issue[] = [];
  const { configFile } = reading;
  const config = await withHooks(dir, checkConfig(dir, reading.value, configFile), issues);
  if (config.kind === 'pipeline') return readPipeline(dir, { config, reading, memo, place });
  const entry = await stampEntry(dir, reading.entry, issues);
  const external = entry === null ? [] : await filesBeside(dir, config, entry, memo, issues);
  const named = await readNamedFiles(dir, config, memo, issues);
  if (entry === null || issues.length > 0) throw invalid(dir, issues);
  return {
    dir,
    config,
    configFile,
    named,
    entryPath: entry.path,
    members: [],
    notes: reading.notes,
    entry,
    external,
    ...(config.kind !== 'predictor' && { defaults: await readDefaults(entry, memo) }),
    bytes: [entry, ...external].reduce((sum, { size }) => sum + size, 0),
    files: [...reading.sources, entry, ...external, ...named],
  };
}

async function readPipeline(
  dir: string,
  {
    config: own,
    reading,
    memo,
    place,
  }: { config: ModelConfig; reading: FolderConfig; memo: ContentMemo; place: ModelPlace },
): Promise<ModelParts> {
  const { modelsDir = modelsDirOf(dir), budget = createMemberBudget() } = place;
  const chain = [...(place.chain ?? []), dir];
  const issues: Issue[] = [];
  const load = async (member: string) => loadModelFolder(member, memo, { modelsDir, chain, budget });
  const members = await loadMembers(own, { modelsDir, chain, budget, load }, issues);
  if (issues.length > 0) throw invalid(dir, issues);
  return {
    dir,
    config: withMembers(own, members),
    named: [],
    entryPath: join(dir, CONFIG_FILE),
    members,
    notes: [...reading.notes, ...members.flatMap(({ notes }) => notes)],
    entry: null,
    external: [],
    bytes: members.reduce((sum, { bytes }) => sum + bytes, 0),
    files: reading.sources,
  };
}

/** Whether a file of the model, or of the models of a pipeline, may have changed since it was read. */
export async function hasModelChanged({
  files,
  members,
}: Pick<ModelFolder, 'files' | 'members'>): Promise<boolean> {
  if (await haveChanged(files)) return true;
  for (const member of members) if (await hasModelChanged(member)) return true;
  return false;
}

function toModelFolder(parts: ModelParts, hash: string): ModelFolder {
  const { dir, config, configFile, named, entryPath, external, defaults, members, notes, bytes, files } =
    parts;
  const ref = { name: config.name, hash, pool: config.pool };
  const beside = external.map(({ path }) => path);
  return {
    dir,
    config,
    configFile,
    named,
    ref,
    version: null,
    entryPath,
    external: beside,
    ...(defaults && { defaults }),
    members,
    notes,
    bytes,
    files,
  };
}

async function noConfig(dir: string): Promise<never> {
  if ((await stat(dir).catch(() => null))?.isDirectory() !== true) {
    throw new ForebayError('model_not_found', `there is no model folder ${dir}`);
  }
  // The graph may lie in a folder below.
  const shown = /\s/.test(dir) ? JSON.stringify(dir) : dir;
  throw new ForebayError(
    'invalid_model_config',
    `${CONFIG_FILE} is missing in ${dir}; write a first one with: forebay model init ${shown} --out ${shown}`,
  );
}

function checkConfig(dir: string, value: unknown, configFile?: string): ModelConfig {
  const config = readModelConfig(named(value, nameOfParent(dir)));
  if (!config.ok) throw invalid(dir, config.issues, undefined, configFile);
  return config.config;
}

/** Only the config of a numbered version may leave its name out. */
function named(value: unknown, name: string | null): unknown {
  const isNameless = typeof value === 'object' && value !== null && !('name' in value);
  return isNameless && name !== null ? { name, ...value } : value;
}

/** The files that belong to the graph, its hooks or the predictor. */
async function filesBeside(
  dir: string,
  config: ModelConfig,
  entry: ModelFile,
  memo: ContentMemo,
  issues: Issue[],
): Promise<ExternalFile[]> {
  const own = { entry, config: join(dir, CONFIG_FILE) };
  if (config.kind === 'predictor') return readPredictorFiles(dir, own, issues);
  const external = await readExternalFiles(entry, memo, issues);
  return config.hooks === undefined
    ? external
    : withFilesOfHooks(external, await readPredictorFiles(dir, own, issues));
}

async function stampEntry(
  dir: string,
  entry: FolderConfig['entry'],
  issues: Issue[],
): Promise<ModelFile | null> {
  if ('problem' in entry) {
    issues.push({ path: '', message: entry.problem });
    return null;
  }
  const path = join(dir, entry.path);
  const isFile = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
  if (isFile) return stampFile(path);
  const found = adviceForSource(await readdir(dir).catch(() => []), entry.path);
  const advice = found === null ? '' : `. ${found}`;
  issues.push({ path: '', message: `${entry.path} is missing beside ${CONFIG_FILE}${advice}` });
  return null;
}

/** An issue with a path belongs to the config. The others name their file. */
function invalid(
  dir: string,
  issues: readonly Issue[],
  cause?: unknown,
  configFile = CONFIG_FILE,
): ForebayError {
  const list = issues.map((i) => (i.path === '' ? i.message : `${configFile} ${i.path}: ${i.message}`));
  return new ForebayError('invalid_model_config', `${dir}: ${list.join('; ')}`, { issues, cause });
}
