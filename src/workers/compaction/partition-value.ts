/** The value by which a row is put into a folder. */
import type { ResultColumn, PartTable } from '../../shared/domain/job/part-format.ts';
import type { StoredRow } from '../../shared/sinks/sink.ts';
import { createStoredCells } from '../../shared/sinks/table/stored-cells.ts';

/** A text, or null. Numbers, booleans and values that lack the type of their column are as in JSON. */
export function createPartitionValue(
  column: ResultColumn,
  table: PartTable | undefined,
): (row: StoredRow) => string | null {
  const cellsOf = createStoredCells(table ?? {}, [column]);
  return (row) => {
    const cell = cellsOf(row)[0] ?? null;
    return cell?.startsWith('"') ? (JSON.parse(cell) as string) : cell;
  };
}
