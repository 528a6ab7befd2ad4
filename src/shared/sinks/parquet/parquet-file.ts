/** A Parquet file of many parts. */
import type { FileMetaData } from 'hyparquet';
import type { PartTable } from '../../domain/job/part-format.ts';
import { createTurn } from '../../process/event-loop-turn.ts';
import type { RowFile } from '../sink.ts';
import { columnsInFile, createStoredCells } from '../table/stored-cells.ts';
import { rowGroups } from './parquet-reader.ts';
import { parquetValue } from './parquet-values.ts';
import { createRowGroups } from './row-groups.ts';

/**
 * Readers skip and share work by row group, so large ones suit them. But each is held in memory and written in one go
 * (docs/adr/0036).
 */
const GROUP_BYTES = 4 * 1024 * 1024;

/** `readPart` throws MalformedPart. */
export function openParquetFile(
  table: PartTable,
  without: string | null,
  readPart: (part: Buffer) => { readonly file: ArrayBuffer; readonly metadata: FileMetaData },
): RowFile {
  const columns = columnsInFile(table, without);
  const cellsOfRow = createStoredCells(table, columns);
  const groups = createRowGroups(columns, GROUP_BYTES);
  return {
    take: () => groups.take(),
    end: () => groups.end(),
    rowsTaken: () => groups.rowsTaken(),
    /** Copies values without turning them into JSON. */
    async addPart(part) {
      const { file, metadata } = readPart(part);
      const turn = createTurn();
      let at = 0;
      for await (const rows of rowGroups(file, metadata)) {
        const { total_byte_size: bytes } = metadata.row_groups[at++]!;
        const rowBytes = Number(bytes) / rows.length;
        for (const row of rows) {
          if (turn.isOver()) await turn.next();
          groups.add(
            groups.names.map((name) => row[name]),
            rowBytes,
          );
        }
      }
      return Number(metadata.num_rows);
    },
    addRow(row) {
      const cells = cellsOfRow(row);
      const values = columns.map((column, at) => parquetValue(column, cells[at]!));
      const size = cells.reduce((sum, cell) => sum + (cell?.length ?? 0), row.id.length);
      groups.add([BigInt(row.index), row.id, ...values], size);
    },
  };
}
