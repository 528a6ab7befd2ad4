/** The axis of an input along which rows form a batch. */
import type { GraphTensor } from '../../models/graph-tensor.ts';
import type { TensorInputConfig } from './tensor-config.ts';

/** A first dimension that the graph leaves free is the batch, unless model.json says otherwise. Null: there is none. */
export function inputBatchAxis({ shape }: GraphTensor, declared: TensorInputConfig): number | null {
  if (declared.value !== undefined) return null;
  if (declared.batch_axis !== undefined) return declared.batch_axis;
  return typeof shape[0] === 'string' ? 0 : null;
}
