/** CSV with a header in every part. What is nested in a result is JSON text. */
import type { PartTable } from '../../domain/job/part-format.ts';
import { createFileBytes } from '../file-bytes.ts';
import { readRecords } from '../read-records.ts';
import type { Sink } from '../sink.ts';
import { encodeRows } from '../table/encode-rows.ts';
import { createStoredCells } from '../table/stored-cells.ts';
import { createTableSink } from '../table/table-sink.ts';
import { csvLayout } from './csv-layout.ts';

/** Lines are joined to texts of about this many characters. */
const CHUNK_CHARS = 256 * 1024;

export function createCsvSink(table: PartTable): Sink {
  const { columns } = table;
  const layout = csvLayout(table, null);

  return createTableSink({
    format: 'csv',
    async encode(rows, outcomes) {
      const chunks: Buffer[] = [];
      let text = layout.header;
      const { errors, failed } = await encodeRows(columns, rows, outcomes, (index, id, cells) => {
        text += layout.record(index, id, cells);
        if (text.length < CHUNK_CHARS) return;
        chunks.push(Buffer.from(text));
        text = '';
      });
      chunks.push(Buffer.from(text));
      return { results: Buffer.concat(chunks), errors, failed, release: () => {} };
    },
    count: (part) => layout.count(part),
    decode: async (part) => layout.decode(part),
    openFile(without) {
      const inFile = csvLayout(table, without === null ? null : { column: without, value: null });
      const cellsOfRow = createStoredCells(table, inFile.columns);
      const bytes = createFileBytes();
      bytes.add(Buffer.from(inFile.header), 0);
      return {
        ...bytes,
        async addPart(part) {
          const rows = layout.count(part);
          bytes.add(layout.body(part), rows);
          return rows;
        },
        addRow: (row) => bytes.add(Buffer.from(inFile.record(row.index, row.id, cellsOfRow(row))), 1),
      };
    },
    async *readFile(file, given) {
      const inFile = csvLayout(table, given);
      let head: Uint8Array = Buffer.alloc(0);
      for await (const records of readRecords(file, { quoted: true })) {
        yield await inFile.decode(Buffer.concat([head, records]));
        head = Buffer.from(inFile.header);
      }
    },
    async readPiece({ bytes, at }, _, given) {
      const inFile = csvLayout(table, given);
      return inFile.decode(at === 0 ? bytes : Buffer.concat([Buffer.from(inFile.header), bytes]));
    },
  });
}
