/** Checks the model folder of a run: one model with a valid config. Only a worker can check the graph. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { ModelConfig } from '../../shared/domain/model/model-config.ts';
import { listModelFolders } from '../../shared/models/model-folder-reader.ts';
import { readModelParts } from '../../shared/models/model-folder.ts';
import { CONFIG_FILE, holdsModelFile } from '../../shared/models/read-folder-config.ts';
import type { RowFields } from '../../shared/tasks/row-fields.ts';
import type { RowKind } from '../../shared/tasks/task-description.ts';
import { rowFieldsOf, rowKindOf } from '../../shared/tasks/task-descriptions.ts';
import { UsageError } from '../exit-codes.ts';

export interface RunModel {
  /** Absolute. */
  readonly dir: string;
  readonly name: string;
  readonly pool: string;
  /** What its task needs of a row. */
  readonly input: RowKind;
  readonly fields: RowFields;
  readonly config: ModelConfig;
}

/** `given` is the path as the user typed it. Throws UsageError, or ForebayError `invalid_model_config`. */
export async function checkModel(dir: string, given: string): Promise<RunModel> {
  const found = await stat(dir).catch(() => null);
  if (found === null) throw new UsageError(`--model: there is no folder ${given}`);
  if (found.isFile()) {
    throw new UsageError(
      `--model takes the folder of the model, not a file in it: --model ${dirname(given)}`,
    );
  }
  if (dir.includes(':')) throw new UsageError(`--model cannot take a folder with ":" in its path: ${dir}`);
  const names = await readdir(dir);
  if (!holdsModelFile(names) && !names.includes(CONFIG_FILE)) throw await noSingleModel(dir, given);
  const { config } = await readModelParts(dir);
  const { name, pool } = config;
  return { dir, name, pool, config, input: rowKindOf(config), fields: rowFieldsOf(config, null) };
}

async function noSingleModel(dir: string, given: string): Promise<UsageError> {
  const { models, problems } = await listModelFolders(dir);
  const below = [...models, ...problems].map((model) => basename(model.dir));
  if (below.length > 0) {
    return new UsageError(
      `--model takes one model, but ${given} holds ${below.join(', ')}: --model ${given.replace(/\/$/, '')}/${below[0]}`,
    );
  }
  return new UsageError(
    `--model: ${given} holds neither model.onnx nor model.json nor predictor.js. Make them with: forebay model init FILE.onnx`,
  );
}
