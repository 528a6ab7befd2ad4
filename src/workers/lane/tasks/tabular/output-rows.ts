/** The values of one output, row by row. */
import type { GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import { toFloat32, type Outputs, type TensorValue, type TensorValues } from '../tensors.ts';
import { widthOf } from '../../../../shared/tasks/tabular/choose-answer.ts';

export interface OutputRows<Data extends TensorValues = TensorValues> {
  /** Values per row. */
  readonly width: number;
  /** The values of all rows, one row after the other. */
  readonly data: Data;
}

/** Throws an Error if the output does not hold `batch` rows. */
export function rowsOf(outputs: Outputs, { name }: GraphTensor, batch: number): OutputRows {
  const tensor: TensorValue = outputs[name]!;
  const { dims, data } = tensor;
  const width = widthOf({ shape: dims });
  if (width !== null && dims[0] === batch && data.length === batch * width) return { width, data };
  throw new Error(`the graph returned "${name}" [${dims.join(',')}] instead of [${batch}, values]`);
}

/** Throws an Error if the output does not hold `batch` rows of floats. */
export function floatRowsOf(outputs: Outputs, output: GraphTensor, batch: number): OutputRows<Float32Array> {
  const { width, data } = rowsOf(outputs, output, batch);
  return { width, data: toFloat32(data) };
}
