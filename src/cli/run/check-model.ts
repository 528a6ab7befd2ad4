/** Checks the model folder of a run: one model with a valid config. Only a worker can check the graph. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { readConfig } from '../../shared/config/config.ts';
import { readPlaces } from '../../shared/config/split-roots.ts';
import type { ModelConfig } from '../../shared/domain/model/model-config.ts';
import { listModelFolders } from '../../shared/models/model-folder-reader.ts';
import { readModelParts, type ModelFolder } from '../../shared/models/model-folder.ts';
import { CONFIG_FILE } from '../../shared/models/config-file.ts';
import { adviceForSource, PREDICTOR_FILES } from '../../shared/models/predictor-files.ts';
import { holdsModelFile } from '../../shared/models/read-folder-config.ts';
import { isObjectUrl, objectFolder, withoutScheme } from '../../shared/stores/object-url.ts';
import type { RowFields } from '../../shared/tasks/row-fields.ts';
import type { RowKind } from '../../shared/tasks/task-description.ts';
import { rowFieldsOf, rowKindOf } from '../../shared/tasks/task-descriptions.ts';
import { UsageError } from '../exit-codes.ts';
import { withModelPlaces } from '../models/with-model-places.ts';

export interface RunModel {
  /** Absolute. For a model in an object store, its copy on this machine. */
  readonly dir: string;
  /** What processes get as their models folder: `dir`, or the URL of a model in an object store. */
  readonly source: string;
  readonly name: string;
  readonly pool: string;
  /** What its task needs of a row. */
  readonly input: RowKind;
  readonly fields: RowFields;
  readonly config: ModelConfig;
}

/**
 * `given`: the path or URL as the user typed it. Throws UsageError, or ForebayError `invalid_model_config`, or if the
 * model is in an object store, what ModelPlaces throws.
 */
export async function checkModel(given: string, cwd: string, env: NodeJS.ProcessEnv): Promise<RunModel> {
  if (isObjectUrl(given)) return checkStoredModel(given, cwd, env);
  const dir = resolve(cwd, given);
  const found = await stat(dir).catch(() => null);
  if (found === null) throw new UsageError(`--model: there is no folder ${given}`);
  if (found.isFile()) {
    throw new UsageError(
      `--model takes the folder of the model, not a file in it: --model ${dirname(given)}`,
    );
  }
  if (dir.includes(':')) throw new UsageError(`--model cannot take a folder with ":" in its path: ${dir}`);
  const names = await readdir(dir);
  if (!holdsModelFile(names) && !names.includes(CONFIG_FILE)) throw await noSingleModel(dir, given, names);
  return readRunModel(dir, dir);
}

async function checkStoredModel(given: string, cwd: string, env: NodeJS.ProcessEnv): Promise<RunModel> {
  const [source = given] = readPlaces('--model', [given], cwd, objectFolder);
  if (withoutScheme(source).includes(':'))
    throw new UsageError(`--model cannot take a prefix with ":" in its path: ${given}`);
  return withModelPlaces(readConfig(env, cwd), async (places) => {
    const { models, problems } = await listModelFolders(source, places);
    const [model, ...others] = models;
    const [problem] = problems;
    const isWhole = others.length === 0 && problems.length <= 1;
    if (isWhole && model !== undefined && problem === undefined) return readRunModel(model.dir, source);
    if (isWhole && model === undefined && problem !== undefined) throw problem.error;
    throw severalModels([...models.map((one) => titleOf(one)), ...problems.map(({ title }) => title)], given);
  });
}

function titleOf({ ref, version }: ModelFolder): string {
  return version === null ? ref.name : `${ref.name}/${version}`;
}

export async function readRunModel(dir: string, source: string): Promise<RunModel> {
  const { config } = await readModelParts(dir);
  const { name, pool } = config;
  return { dir, source, name, pool, config, input: rowKindOf(config), fields: rowFieldsOf(config, null) };
}

function severalModels(names: readonly string[], given: string): UsageError {
  return new UsageError(
    `--model takes one model, but ${given} holds ${names.join(', ')}: --model ${given.replace(/\/$/, '')}/${names[0]}`,
  );
}

async function noSingleModel(dir: string, given: string, names: readonly string[]): Promise<UsageError> {
  const { models, problems } = await listModelFolders(dir);
  const below = [...models, ...problems].map((model) => basename(model.dir));
  if (below.length > 0) return severalModels(below, given);
  const advice = adviceForSource(names, PREDICTOR_FILES[0]!);
  if (advice !== null)
    return new UsageError(`--model: ${given} holds no module that can be loaded. ${advice}`);
  return new UsageError(
    `--model: ${given} holds neither model.onnx nor model.json nor predictor.js. Make them with: forebay model init FILE.onnx`,
  );
}
