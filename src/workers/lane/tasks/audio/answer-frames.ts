/** How the outputs of a row's frames become its answer. */
import type { RowOutcome } from '../../../../shared/domain/row.ts';
import type { GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import type { Outputs } from '../tensors.ts';

/** Collects the outputs of one row. */
export interface FrameAnswer {
  /**
   * Adds the outputs of one frame: number `at` of the `batch` frames of a call. Throws an Error if the outputs are
   * wrong.
   */
  add(outputs: Outputs, at: number, batch: number): void;
  /**
   * Call after the last frame. `samples`: the number of samples of the row. Throws an Error if the frames do not fit
   * together.
   */
  finish(samples: number): RowOutcome;
}

export interface FrameAnswerer {
  /** The outputs of the graph that the answer uses. */
  readonly outputs: readonly GraphTensor[];
  readonly notes: readonly string[];
  /** `frames`: the number of frames of the row. */
  open(frames: number, topK: number, threshold: number | null): FrameAnswer;
  /** See BoundTask. */
  numbers(outputs: Outputs, rows: number): Float32Array[];
  /** Throws an Error if the outputs of the first call are wrong. */
  check(outputs: Outputs): void;
}
