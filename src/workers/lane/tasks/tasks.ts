/** Every task that a lane can run. */
import { InvariantError } from '../../../shared/errors.ts';
import { imageClassification } from './image-classification.ts';
import { imageEmbedding } from './image-embedding.ts';
import { imageSegmentation } from './image-segmentation.ts';
import { objectDetection } from './object-detection.ts';
import type { Task } from './task.ts';

const TASKS: readonly Task[] = [imageClassification, imageEmbedding, objectDetection, imageSegmentation];

export function taskNamed(id: string): Task {
  const task = TASKS.find((one) => one.id === id);
  if (task === undefined) throw new InvariantError(`lanes have no task "${id}"`);
  return task;
}
