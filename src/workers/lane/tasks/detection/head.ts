/** The interface of every detection head: how the numbers of a graph become boxes. */
import type { Size } from '../../image/resample/pillow-resampler.ts';
import type { DetectionConfig } from '../../../../shared/tasks/detection/detection-config.ts';
import type { GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import type { Outputs } from '../tensors.ts';
import type { Candidates } from './candidates.ts';

export interface DetectionHead {
  /** The outputs that it reads. */
  readonly outputs: readonly GraphTensor[];
  /** The boxes of the first `rows` of a call. Throws an Error if an output has another shape. */
  open(outputs: Outputs, rows: number): HeadRows;
  /** See BoundTask.check. */
  check(outputs: Outputs): void;
}

export interface HeadRows {
  /** Adds the boxes of a row whose score is at least the threshold. */
  collect(row: number, threshold: number, into: Candidates): void;
  /** All numbers that the graph returned for a row. */
  numbers(row: number): Float32Array;
}

export interface HeadParts {
  readonly config: DetectionConfig;
  readonly outputs: readonly GraphTensor[];
  readonly labels: readonly string[] | null;
  /** Size of the model's input. */
  readonly input: Size;
  readonly fixedBatch: number | null;
}

export const NAN_SCORE = 'the model returned NaN as a score';
export const NO_SCORE = 'the model returned NaN, or -Infinity for every class';
