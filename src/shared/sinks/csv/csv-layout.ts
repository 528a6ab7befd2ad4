/** The header and the records of a CSV part, or of a file that lacks a column. */
import type { PartTable } from '../../domain/job/part-format.ts';
import { createTurn } from '../../process/event-loop-turn.ts';
import { MalformedPart, type GivenColumn, type StoredRow } from '../sink.ts';
import type { Cell } from '../table/cells.ts';
import { isCopy, storedRow } from '../table/row-line.ts';
import { columnsInFile } from '../table/stored-cells.ts';
import { countRecords, csvRecords } from './csv-records.ts';
import { cellOf, cellText, quoted } from './csv-text.ts';

export function csvLayout(table: PartTable, given: GivenColumn | null) {
  const columns = columnsInFile(table, given?.column ?? null);
  const header = `${['index', 'id', ...columns.map(({ name }) => name)].map(quoted).join(',')}\n`;
  const headerBytes = Buffer.from(header);

  function readRow(values: readonly (string | null)[], record: number): StoredRow {
    const [index, id, ...texts] = values;
    if (texts.length !== columns.length || !/^\d+$/.test(index ?? '') || id === null) {
      throw new MalformedPart(`record ${record} does not have the columns of the header`);
    }
    let at = 0;
    const cells = table.columns.map((column): Cell => {
      if (column.name === given?.column) return given.value;
      const text = texts[at++]!;
      if (text === null || isCopy(table, column)) return null;
      const cell = cellOf(column, text);
      if (cell === null) {
        throw new MalformedPart(`record ${record} has no valid value in the column "${column.name}"`);
      }
      return cell;
    });
    return storedRow(table, Number(index), id!, cells);
  }

  /** The records after the header. Throws MalformedPart. */
  function body(part: Buffer): Buffer {
    if (!part.subarray(0, headerBytes.length).equals(headerBytes)) {
      throw new MalformedPart(`it does not begin with the header ${header.trimEnd()}`);
    }
    return part.subarray(headerBytes.length);
  }

  return {
    columns,
    header,
    body,
    /** The number of records after the header. Throws MalformedPart. */
    count(part: Buffer): number {
      body(part);
      return countRecords(part) - 1;
    },
    /** `cells`: those of `columns`. */
    record(index: number, id: string, cells: readonly Cell[]): string {
      const values = columns.map((column, at) => cellText(column, cells[at]!));
      return `${[index, quoted(id), ...values].join(',')}\n`;
    },
    /** Rejects with MalformedPart. */
    async decode(part: Buffer): Promise<StoredRow[]> {
      const rows: StoredRow[] = [];
      const turn = createTurn();
      for (const values of csvRecords(body(part).toString('utf8'))) {
        if (turn.isOver()) await turn.next();
        rows.push(readRow(values, rows.length + 1));
      }
      return rows;
    },
  };
}
