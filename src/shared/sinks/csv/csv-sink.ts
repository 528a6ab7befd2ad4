/** CSV with a header in every part. What is nested in a result is JSON text. */
import type { PartTable } from '../../domain/job/part-format.ts';
import { createTurn } from '../../process/event-loop-turn.ts';
import { MalformedPart, type Sink, type StoredRow } from '../sink.ts';
import { encodeRows } from '../table/encode-rows.ts';
import { isCopy, storedRow } from '../table/row-line.ts';
import { createTableSink } from '../table/table-sink.ts';
import { countRecords, csvRecords } from './csv-records.ts';
import { cellOf, cellText, quoted } from './csv-text.ts';

/** Lines are joined to texts of about this many characters. */
const CHUNK_CHARS = 256 * 1024;

export function createCsvSink(table: PartTable): Sink {
  const { columns } = table;
  const header = `${['index', 'id', ...columns.map(({ name }) => name)].map(quoted).join(',')}\n`;
  const headerBytes = Buffer.from(header);

  function readRow(values: readonly (string | null)[], record: number): StoredRow {
    const [index, id, ...texts] = values;
    if (texts.length !== columns.length || !/^\d+$/.test(index ?? '') || id === null) {
      throw new MalformedPart(`record ${record} does not have the columns of the header`);
    }
    const cells = columns.map((column, at) => {
      const text = texts[at]!;
      if (text === null || isCopy(table, column)) return null;
      const cell = cellOf(column, text);
      if (cell === null) {
        throw new MalformedPart(`record ${record} has no valid value in the column "${column.name}"`);
      }
      return cell;
    });
    return storedRow(table, Number(index), id!, cells);
  }

  async function decode(part: Buffer): Promise<StoredRow[]> {
    checkHeader(part);
    const rows: StoredRow[] = [];
    const turn = createTurn();
    for (const values of csvRecords(part.toString('utf8', headerBytes.length))) {
      if (turn.isOver()) await turn.next();
      rows.push(readRow(values, rows.length + 1));
    }
    return rows;
  }

  function checkHeader(part: Buffer): void {
    if (!part.subarray(0, headerBytes.length).equals(headerBytes)) {
      throw new MalformedPart(`it does not begin with the header ${header.trimEnd()}`);
    }
  }

  return createTableSink({
    format: 'csv',
    async encode(rows, outcomes) {
      const chunks: Buffer[] = [];
      let text = header;
      const { errors, failed } = await encodeRows(columns, rows, outcomes, (index, id, cells) => {
        const values = columns.map((column, at) => cellText(column, cells[at]!));
        text += `${[index, quoted(id), ...values].join(',')}\n`;
        if (text.length < CHUNK_CHARS) return;
        chunks.push(Buffer.from(text));
        text = '';
      });
      chunks.push(Buffer.from(text));
      return { results: Buffer.concat(chunks), errors, failed, release: () => {} };
    },
    count(part) {
      checkHeader(part);
      return countRecords(part) - 1;
    },
    decode,
  });
}
