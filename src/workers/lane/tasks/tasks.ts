/** Every task that a lane can run. */
import { InvariantError } from '../../../shared/errors.ts';
import { audio } from './audio/audio.ts';
import { imageClassification } from './image-classification.ts';
import { imageEmbedding } from './image-embedding.ts';
import { imageSegmentation } from './image-segmentation.ts';
import { objectDetection } from './object-detection.ts';
import { namedTensors } from './named-tensors/named-tensors.ts';
import { tabular } from './tabular.ts';
import type { Task } from './task.ts';
import { textClassification } from './text-classification.ts';
import { textEmbedding } from './text-embedding.ts';
import { tokenClassification } from './token-classification.ts';

const TASKS: readonly Task[] = [
  imageClassification,
  imageEmbedding,
  objectDetection,
  imageSegmentation,
  textEmbedding,
  textClassification,
  tokenClassification,
  tabular,
  namedTensors,
  audio,
];

export function taskNamed(id: string): Task {
  const task = TASKS.find((one) => one.id === id);
  if (task === undefined) throw new InvariantError(`lanes have no task "${id}"`);
  return task;
}
