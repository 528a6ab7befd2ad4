/** Builds the cells of a column for a range of rows from the values of its leaves. */
import { Damage, decoding } from '../file/damage.ts';
import type { Column } from '../file/leaves.ts';
import type { Values } from '../pages/decode-page.ts';
import { slice, type LeafRows } from '../pages/leaf-rows.ts';
import { isMedia, mediaCells, structCells } from './structs.ts';
import { isSimpleList, listCells } from './list-cells.ts';
import { nestedCells } from './nested-cells.ts';
import { timesOf } from './times.ts';
import { counted } from '../../../text/counted.ts';

/** The rows of one leaf, and the position in them of the first row that is wanted. */
export interface LeafCut {
  readonly rows: LeafRows;
  readonly from: number;
}

/** One cell per row, null for nulls. `cuts`: one per leaf. Throws Damage. */
export function cellsOf(column: Column, cuts: readonly LeafCut[], count: number): Values {
  const { node, leaves } = column;
  const [leaf] = leaves;
  const [cut] = cuts;
  if (leaf === undefined || cut === undefined) return Array<unknown>(count).fill(null);
  return decoding(() => {
    const cells = () => {
      if (leaves.every(({ maxRep }) => maxRep === 0)) {
        if (node.children.length === 0) {
          return timesOf(slice(cut.rows.values, cut.from, cut.from + count), leaf.element);
        }
        return isMedia(node) && !column.isWhole
          ? mediaCells(node, cuts, count)
          : structCells(column, cuts, count);
      }
      const fast = isSimpleList(column) ? listCells(leaf, cut, count) : null;
      return fast ?? nestedCells(column, cuts, count);
    };
    const found = cells();
    if (found.length !== count)
      throw new Damage(`${counted(found.length, 'value')} for ${counted(count, 'row')}`);
    return found;
  });
}
