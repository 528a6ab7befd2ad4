/** Lists of numbers, such as embeddings and tensors. Each cell is a part of the page, without an object per number. */
import { isNumbers } from '../../../text/json-writer.ts';
import type { Column, Leaf } from '../file/leaves.ts';
import type { Values } from '../pages/decode-page.ts';
import { isListLike } from 'hyparquet/src/schema.js';
import type { LeafCut } from './cells.ts';

export function isSimpleList({ node, leaves }: Column): boolean {
  return leaves.length === 1 && leaves[0]!.maxRep === 1 && isListLike(node) && leaves[0]!.path.length <= 3;
}

/** Null if a list has nulls, or does not hold numbers. */
export function listCells(leaf: Leaf, { rows, from }: LeafCut, count: number): Values | null {
  const { values, def, starts, valueStarts } = rows;
  if (!isNumbers(values) || starts === null || valueStarts === null) return null;
  /** The definition level of an empty list. */
  const empty = leaf.schemaPath[1]!.element.repetition_type === 'REQUIRED' ? 0 : 1;
  const cells = Array<unknown>(count);
  for (let i = 0; i < count; i++) {
    const row = from + i;
    const [first, end] = [valueStarts[row]!, valueStarts[row + 1]!];
    const levels = starts[row + 1]! - starts[row]!;
    if (end - first === levels) cells[i] = values.subarray(first, end);
    else if (end > first || levels > 1 || def === null || def[starts[row]!]! > empty) return null;
    else cells[i] = def[starts[row]!] === empty ? [] : null;
  }
  return cells;
}
