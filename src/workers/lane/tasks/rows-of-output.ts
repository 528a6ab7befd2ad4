/** The part of an output tensor that belongs to each row of a call, for outputs whose first dimension is the batch. */
import { toFloat32, type TensorValue } from './tensors.ts';

/**
 * The numbers of each of the first `rows`. `batch`: the rows of the call. `rank`: dimensions of the output, batch included.
 * Throws an Error if the output has another shape.
 */
export function floatRows(
  { dims, data }: TensorValue,
  rows: number,
  batch: number,
  rank: number,
): Float32Array[] {
  const each = dims.slice(1).reduce((product, dim) => product * dim, 1);
  if (dims[0] !== batch || dims.length !== rank || data.length !== batch * each) {
    const wanted = [batch, ...Array<string>(rank - 1).fill('?')];
    throw new Error(`the graph returned [${dims.join(',')}] instead of [${wanted.join(',')}]`);
  }
  const floats = toFloat32(data);
  return Array.from({ length: rows }, (_, row) => floats.subarray(row * each, (row + 1) * each));
}
