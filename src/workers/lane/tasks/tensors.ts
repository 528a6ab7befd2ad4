/** Tensors as they go into a model call and come out of it. */
import type { PredictorTensor } from '../../../predictor/predictor-context.ts';
import { halfTable } from '../image/normalise/half.ts';

export type TensorValue = PredictorTensor;
export type TensorValues = PredictorTensor['data'];

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
