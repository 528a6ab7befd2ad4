/** Builds a batch of an image task. Image tasks differ only in their answers and in inputs beside the image. */
import type { GraphTensor } from '../../../shared/models/graph-tensor.ts';
import type { ImageRows } from '../image/image-input.ts';
import type { TaskBatch } from './task.ts';
import type { Feeds } from './tensors.ts';

/** `beside`: returns the tensors of these inputs for a call. */
export function imageBatch(
  input: GraphTensor,
  images: ImageRows,
  answers: TaskBatch['answers'],
  beside?: (positions: readonly number[]) => Feeds,
): TaskBatch {
  return {
    prepare: (at, row) => images.prepare(at, row),
    calls: (positions) => [positions],
    feeds: (positions) => ({ [input.name]: images.feed(positions), ...beside?.(positions) }),
    answers,
    release: () => images.release(),
  };
}
