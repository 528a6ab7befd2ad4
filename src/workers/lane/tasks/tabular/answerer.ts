/** Turns the outputs of a call into the answers of its rows. */
import type { Outcomes } from '../../../../shared/domain/outcomes.ts';
import type { RowError } from '../../../../shared/domain/row.ts';
import type { GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import type { Outputs } from '../tensors.ts';

export interface Answerer {
  /** The outputs that it needs. */
  readonly outputs: readonly GraphTensor[];
  /** The outcomes of the first `rows` of a call with `batch` rows. Throws an Error if the outputs are wrong. */
  answers(outputs: Outputs, rows: number, batch: number, topK: number): Outcomes;
  /** Like BoundTask.numbers, for a call with `batch` rows. */
  numbers(outputs: Outputs, rows: number, batch: number): Float32Array[];
  /** Like BoundTask.check, for a call with `batch` rows. */
  check(outputs: Outputs, batch: number): void;
}

export function inferenceFailed(message: string): RowError {
  return { code: 'inference_failed', message };
}
