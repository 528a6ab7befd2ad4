/** The element types of tensors that onnxruntime-node supports. */
import type { GraphTensor } from '../../models/graph-tensor.ts';

/** Bytes of one element. A string has no fixed size, so it counts like the pointer to it. */
const ELEMENT_BYTES = {
  float32: 4,
  float64: 8,
  float16: 2,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  bool: 1,
  string: 8,
} as const;

export type Dtype = keyof typeof ELEMENT_BYTES;

export const DTYPES = Object.keys(ELEMENT_BYTES) as readonly Dtype[];

export function elementBytes(dtype: Dtype): number {
  return ELEMENT_BYTES[dtype];
}

export function canCarry(tensor: GraphTensor): tensor is GraphTensor & { readonly type: Dtype } {
  return (DTYPES as readonly string[]).includes(tensor.type);
}
