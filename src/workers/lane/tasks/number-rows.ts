/** The numbers of each row in an output of any number type. */
import { toFloat32, type TensorValue } from './tensors.ts';

export type Numbers = Float32Array | Float64Array | Int32Array | Uint8Array;

/**
 * The numbers of each of the first `rows`. `batch`: the rows of the call. A call of one row may lack the dimension of the
 * batch. Throws an Error if the output has another shape.
 */
export function numberRows(
  { type, dims, data }: TensorValue,
  rows: number,
  batch: number,
  name: string,
): Numbers[] {
  const numbers = toNumbers(type, data);
  if (batch === 1) return [numbers];
  if (dims[0] !== batch) {
    throw new Error(`the graph returned "${name}" of [${dims.join(',')}] for ${batch} rows`);
  }
  const each = numbers.length / batch;
  return Array.from({ length: rows }, (_, row) => numbers.subarray(row * each, (row + 1) * each));
}

function toNumbers(type: string, data: TensorValue['data']): Numbers {
  if (data instanceof BigInt64Array) return Float64Array.from(data, Number);
  if (data instanceof Int32Array || data instanceof Uint8Array) return data;
  if (type.startsWith('float')) return toFloat32(data);
  throw new Error(`the output holds ${type} instead of numbers`);
}
