/** Lists of lists, lists of structs, maps, and all other nested columns. */
import { assembleLists, assembleNested } from 'hyparquet/src/assemble.js';
import type { Column, Leaf } from '../file/leaves.ts';
import type { LeafRows } from '../pages/leaf-rows.ts';
import { Damage } from '../file/damage.ts';
import type { Values } from '../pages/decode-page.ts';
import { parsersOf } from './parsers.ts';
import type { LeafCut } from './cells.ts';
import { timesOf } from './times.ts';

export function nestedCells({ name, node, leaves }: Column, cuts: readonly LeafCut[], count: number): Values {
  const parts = new Map(
    leaves.map((leaf, n) => [leaf.path.join('.'), assembled(leaf, cuts[n]!, count)] as const),
  );
  if (node.children.length > 0) assembleNested(parts, node, parsersOf(node.element));
  const cells = parts.get(name);
  if (cells === undefined) throw new Damage('its parts do not fit together');
  return cells;
}

/** Fresh lists each time, because assembleNested changes them. */
function assembled(leaf: Leaf, { rows, from }: LeafCut, count: number) {
  const { rep, def, values } = partOf(rows, from, from + count, leaf);
  return assembleLists([], def, rep, Array.from(timesOf(values, leaf.element)), leaf.schemaPath);
}

function partOf(
  { rep, def, values, starts, valueStarts }: LeafRows,
  from: number,
  to: number,
  { maxDef }: Leaf,
) {
  const cut = (all: Values, first: number, end: number) =>
    Array.prototype.slice.call(all, first, end) as unknown[];
  if (rep === null || starts === null || valueStarts === null) {
    // Each value is a row, and nulls are among the values.
    const levels = def === null ? Array<number>(to - from).fill(maxDef) : [...def.subarray(from, to)];
    const own = cut(values, from, to).filter((_, i) => levels[i] === maxDef);
    return { rep: [], def: levels, values: own };
  }
  const [first, end] = [starts[from]!, starts[to]!];
  return {
    rep: [...rep.subarray(first, end)],
    def: def === null ? Array<number>(end - first).fill(maxDef) : [...def.subarray(first, end)],
    values: cut(values, valueStarts[from]!, valueStarts[to]!),
  };
}
