/** Every task that graphs can have, and what other kinds of models have instead of one. */
import type { ModelConfig } from '../domain/model/model-config.ts';
import { InvariantError } from '../errors.ts';
import type { GraphTensor } from '../models/graph-tensor.ts';
import { AUDIO } from './audio.ts';
import { hookedTask } from './hooked-task.ts';
import { IMAGE_CLASSIFICATION } from './image-classification.ts';
import { IMAGE_EMBEDDING } from './image-embedding.ts';
import { IMAGE_SEGMENTATION } from './image-segmentation.ts';
import { OBJECT_DETECTION } from './object-detection.ts';
import { isPipeline } from './pipeline/pipeline-config.ts';
import { PIPELINE, pipelineTask } from './pipeline.ts';
import { PREDICTOR } from './predictor.ts';
import { IMAGE_FIELDS, type RowFields } from './row-fields.ts';
import { TABULAR } from './tabular.ts';
import type { RowKind, TaskDescription } from './task-description.ts';
import { TENSORS } from './tensors.ts';
import { TEXT_CLASSIFICATION } from './text-classification.ts';
import { TEXT_EMBEDDING } from './text-embedding.ts';
import { TOKEN_CLASSIFICATION } from './token-classification.ts';

export const TASKS: readonly TaskDescription[] = [
  IMAGE_CLASSIFICATION,
  IMAGE_EMBEDDING,
  OBJECT_DETECTION,
  IMAGE_SEGMENTATION,
  TEXT_EMBEDDING,
  TEXT_CLASSIFICATION,
  TOKEN_CLASSIFICATION,
  TABULAR,
  TENSORS,
  AUDIO,
] as readonly TaskDescription[];

/** The task of models whose config nobody knows. Older workers announce no configs, and serve only this task. */
const FIRST_TASK = IMAGE_CLASSIFICATION.id;

export function taskNamed(id: string): TaskDescription | null {
  return TASKS.find((task) => task.id === id) ?? null;
}

/** What a kind of model has instead of a task. */
export const KIND_TASKS: ReadonlyMap<string, TaskDescription> = new Map([
  ['predictor', PREDICTOR as unknown as TaskDescription],
  ['pipeline', PIPELINE],
]);

/** `config`: null if nobody knows it. */
export function taskOf(config: ModelConfig | null): TaskDescription {
  if (config !== null && isPipeline(config)) return pipelineTask(config, taskOf);
  const ofKind = KIND_TASKS.get(config?.kind ?? '');
  if (ofKind !== undefined) return ofKind;
  const id = config?.task ?? FIRST_TASK;
  const task = taskNamed(id);
  if (task === null) throw new InvariantError(`a checked config has the unknown task "${id}"`);
  return config?.hooks === undefined ? task : hookedTask(config, task);
}

/** What a row of the model must provide. */
export function rowKindOf(config: ModelConfig | null): RowKind {
  const task = taskOf(config);
  return (config && task.inputOf?.(config)) ?? task.input;
}

/** What a model reads of a row. `inputs`: those of its graph. Null: no worker has loaded it. */
export function rowFieldsOf(config: ModelConfig | null, inputs: readonly GraphTensor[] | null): RowFields {
  return config === null ? IMAGE_FIELDS : taskOf(config).fields(config, inputs);
}
