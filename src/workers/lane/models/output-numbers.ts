/** An output's numbers as float32. */
import { halfTable } from '../image/normalise/half.ts';
import type { OnnxOutput } from './onnx-session.ts';

export function toFloat32(data: OnnxOutput['data']): Float32Array {
  if (data instanceof Float32Array) return data;
  if (data instanceof Float64Array) return Float32Array.from(data);
  const table = halfTable();
  return Float32Array.from(data, (bits) => table[bits]!);
}
