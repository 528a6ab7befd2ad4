/** The input of a graph that says which samples belong to the waveform. Exports of transformers may have one. Pure. */
import type { GraphTensor } from '../../models/graph-tensor.ts';

const NAME = 'attention_mask';
const TYPES: readonly string[] = ['int64', 'int32', 'bool', 'float32'];

/** It is filled in without a word in model.json. */
export function isAttentionMask({ name, type, shape }: GraphTensor): boolean {
  return name === NAME && TYPES.includes(type) && shape.length === 2;
}
