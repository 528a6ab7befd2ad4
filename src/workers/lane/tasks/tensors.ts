/** Tensors as they go into a model call and come out of it. */
import { halfTable } from '../image/normalise/half.ts';

/** float16 is held as bits in a Uint16Array, bool as 0 and 1 in a Uint8Array. */
export type TensorValues =
  | Float32Array
  | Float64Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | readonly string[];

export interface TensorValue {
  /** See GraphTensor. */
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: TensorValues;
}

/** Tensors by the name of the graph's input. */
export type Feeds = Readonly<Record<string, TensorValue>>;
/** Tensors by the name of the graph's output. */
export type Outputs = Readonly<Record<string, TensorValue>>;

/** The numbers of a float tensor. Takes a Uint16Array for float16. Throws an Error for other arrays. */
export function toFloat32(data: TensorValues): Float32Array {
  if (data instanceof Float32Array) return data;
  if (data instanceof Float64Array) return Float32Array.from(data);
  if (!(data instanceof Uint16Array)) throw new Error('the output does not hold floats');
  const table = halfTable();
  return Float32Array.from(data, (bits) => table[bits]!);
}
