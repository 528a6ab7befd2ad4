/**
 * A model on disk: a folder with `model.onnx`, its config `model.json`, and the files that these two name (external weights,
 * and what the task needs). Reads and identifies it. Only a lane can find out whether the graph runs.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelConfig, ModelRef } from '../domain/model/model-config.ts';
import { ForebayError, messageOf, type Issue } from '../errors.ts';
import {
  createContentMemo,
  haveChanged,
  stampFile,
  type ContentMemo,
  type ModelFile,
} from './content-memo.ts';
import { readModelConfig } from './read-model-config.ts';
import { readExternalFiles, type ExternalFile } from './graph-files.ts';
import { hashModel } from './model-hash.ts';
import { readNamedFiles, type NamedModelFile } from './named-files.ts';
import { nameOfParent } from './version-name.ts';
import { readText } from '../text/read-text.ts';

export const GRAPH_FILE = 'model.onnx';
export const CONFIG_FILE = 'model.json';

export interface ModelFolder {
  readonly dir: string;
  readonly config: ModelConfig;
  /** The files that the config names, in the order of the task. */
  readonly named: readonly NamedModelFile[];
  readonly ref: ModelRef;
  /** Name of its folder, if that is in a folder of versions. */
  readonly version: string | null;
  readonly onnxPath: string;
  /** Size of the graph and its external data. */
  readonly bytes: number;
  /** Every file that determines the model's answers, as it was when `ref.hash` was computed. See haveChanged. */
  readonly files: readonly ModelFile[];
}

/** How often a folder is read if it changes during each reading. */
const ATTEMPTS = 3;

/**
 * Throws ForebayError `model_not_found` (no such folder) or `invalid_model_config` with every issue found. Reads every
 * file of the model to hash it, except those that `memo` knows.
 */
export async function loadModelFolder(dir: string, memo = createContentMemo()): Promise<ModelFolder> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const parts = await readModelParts(dir, memo);
    const hash = await hashModel(parts, memo);
    if (!(await haveChanged(parts.files))) return toModelFolder(parts, hash);
  }
  throw new ForebayError(
    'invalid_model_config',
    `the files of ${dir} changed while they were read; try again when they are all in place`,
  );
}

/** Everything about a folder except its hash, which needs all its files to be read. */
export interface ModelParts extends Omit<ModelFolder, 'ref' | 'version'> {
  readonly graph: ModelFile;
  readonly external: readonly ExternalFile[];
}

export async function readModelParts(
  dir: string,
  memo: ContentMemo = createContentMemo(),
): Promise<ModelParts> {
  // The stamp of each file is taken before its content is read, so that it reveals a change between the two.
  const configFile = await stampFile(join(dir, CONFIG_FILE)).catch(async (cause: unknown) =>
    noConfig(dir, cause),
  );
  const config = checkConfig(dir, await readFile(configFile.path));
  const onnxPath = join(dir, GRAPH_FILE);
  const issues: Issue[] = [];
  const graph = await stampGraph(onnxPath, issues);
  const external = graph === null ? [] : await readExternalFiles(graph, memo, issues);
  const named = await readNamedFiles(dir, config, memo, issues);
  if (graph === null || issues.length > 0) throw invalid(dir, issues);
  return {
    dir,
    config,
    named,
    onnxPath,
    graph,
    external,
    bytes: [graph, ...external].reduce((sum, { size }) => sum + size, 0),
    files: [configFile, graph, ...external, ...named],
  };
}

function toModelFolder(parts: ModelParts, hash: string): ModelFolder {
  const { dir, config, named, onnxPath, bytes, files } = parts;
  const ref = { name: config.name, hash, pool: config.pool };
  return { dir, config, named, ref, version: null, onnxPath, bytes, files };
}

async function noConfig(dir: string, cause: unknown): Promise<never> {
  if ((await stat(dir).catch(() => null))?.isDirectory() !== true) {
    throw new ForebayError('model_not_found', `there is no model folder ${dir}`, { cause });
  }
  const why = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'is missing' : messageOf(cause);
  throw new ForebayError(
    'invalid_model_config',
    `${CONFIG_FILE} ${why} in ${dir}; write a first one with: forebay model init ${join(dir, GRAPH_FILE)}`,
    { cause },
  );
}

function checkConfig(dir: string, bytes: Buffer): ModelConfig {
  const whole = (message: string, cause?: unknown) => invalid(dir, [{ path: '', message }], cause);
  const reading = readText(bytes);
  if (!reading.ok) throw whole(`${CONFIG_FILE} ${reading.why}`);
  let value: unknown;
  try {
    value = JSON.parse(reading.text);
  } catch (cause) {
    throw whole(`${CONFIG_FILE} is not JSON: ${messageOf(cause)}`, cause);
  }
  const config = readModelConfig(named(value, nameOfParent(dir)));
  if (!config.ok) throw invalid(dir, config.issues);
  return config.config;
}

/** Only the config of a numbered version may leave its name out. */
function named(value: unknown, name: string | null): unknown {
  const isNameless = typeof value === 'object' && value !== null && !('name' in value);
  return isNameless && name !== null ? { name, ...value } : value;
}

async function stampGraph(path: string, issues: Issue[]): Promise<ModelFile | null> {
  const isFile = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
  if (isFile) return stampFile(path);
  issues.push({ path: '', message: `${GRAPH_FILE} is missing beside ${CONFIG_FILE}` });
  return null;
}

/** An issue with a path belongs to the config. The others name their file. */
function invalid(dir: string, issues: readonly Issue[], cause?: unknown): ForebayError {
  const list = issues.map((i) => (i.path === '' ? i.message : `${CONFIG_FILE} ${i.path}: ${i.message}`));
  return new ForebayError('invalid_model_config', `${dir}: ${list.join('; ')}`, { issues, cause });
}
