/** The part of an output tensor that belongs to each row of a call. The output's first dimension is the batch. */
import { toFloat32, type TensorValue } from './tensors.ts';
import { counted } from '../../../shared/text/counted.ts';

/**
 * The numbers of each of the first `rows`. `batch`: the number of rows in the call. `rank`: dimensions of the output,
 * batch included. Throws an Error if the output has another shape.
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

export type Numbers = Float32Array | Float64Array | Int32Array | Uint8Array;

/**
 * The numbers of each of the first `rows`. `batch`: the number of rows in the call. A call of one row may lack the
 * dimension of the batch. Throws an Error if the output has another number of rows, or does not hold
 * numbers.
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
    throw new Error(`the graph returned "${name}" of [${dims.join(',')}] for ${counted(batch, 'row')}`);
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
