/** Parquet with a row group per megabyte of results. */
import { parquetMetadata, parquetReadObjects, type FileMetaData } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { PartTable, ValueType } from '../../domain/job/part-format.ts';
import { messageOf } from '../../errors.ts';
import { createTurn } from '../../process/event-loop-turn.ts';
import { MalformedPart, type Sink, type StoredRow } from '../sink.ts';
import { encodeRows } from '../table/encode-rows.ts';
import { isCopy, storedRow } from '../table/row-line.ts';
import { createTableSink } from '../table/table-sink.ts';
import { parquetSchema } from './parquet-schema.ts';
import { jsonOf, parquetValue } from './parquet-values.ts';

/**
 * A row group is written in one go. With this many characters of JSON, that takes about as long as a long turn of the
 * event loop. It depends only on the rows, so that the same rows give the same bytes.
 */
const GROUP_CHARS = 1024 * 1024;

export function createParquetSink(table: PartTable): Sink {
  const { columns } = table;
  const schema = parquetSchema(columns);
  const names = ['index', 'id', ...columns.map(({ name }) => name)];
  const layout = [SCALAR_LAYOUT, SCALAR_LAYOUT, ...columns.map(({ type }) => layoutOf(type))];

  function createGroups() {
    const writer = new ByteWriter();
    const file = new ParquetWriter({ writer, schema, createdBy: 'forebay' });
    let group: unknown[][] = names.map(() => []);
    let chars = 0;

    function write(): void {
      if (group[0]!.length === 0) return;
      const columnData = names.map((name, at) => ({ name, data: group[at]!, ...layout[at]! }));
      void file.write({ columnData, rowGroupSize: group[0]!.length });
      group = names.map(() => []);
      chars = 0;
    }

    return {
      add(values: readonly unknown[], size: number): void {
        for (const [at, value] of values.entries()) group[at]!.push(value);
        chars += size;
        if (chars >= GROUP_CHARS) write();
      },
      end(): Uint8Array {
        write();
        void file.finish();
        return writer.getBytes();
      },
    };
  }

  async function decode(part: Buffer): Promise<StoredRow[]> {
    const file = toArrayBuffer(part);
    const metadata = readMetadata(file);
    const rows: StoredRow[] = [];
    const turn = createTurn();
    let rowStart = 0;
    try {
      for (const { num_rows } of metadata.row_groups) {
        const rowEnd = rowStart + Number(num_rows);
        const read = await parquetReadObjects({ file, metadata, rowStart, rowEnd, ...AS_STORED });
        for (const row of read) {
          if (turn.isOver()) await turn.next();
          rows.push(readRow(row));
        }
        rowStart = rowEnd;
      }
    } catch (cause) {
      throw malformed(cause);
    }
    return rows;
  }

  function readRow({ index, id, ...row }: Readonly<Record<string, unknown>>): StoredRow {
    if (typeof index !== 'bigint' || typeof id !== 'string') throw new TypeError('a row has no index and id');
    const cells = columns.map((column) =>
      isCopy(table, column) ? null : jsonOf(column.type, row[column.name]),
    );
    return storedRow(table, Number(index), id, cells);
  }

  return createTableSink({
    format: 'parquet',
    async encode(rows, outcomes) {
      const groups = createGroups();
      const { errors, failed } = await encodeRows(columns, rows, outcomes, (index, id, cells) => {
        const values = columns.map((column, at) => parquetValue(column, cells[at]!));
        const size = cells.reduce((sum, cell) => sum + (cell?.length ?? 0), id.length);
        groups.add([BigInt(index), id, ...values], size);
      });
      return { results: groups.end(), errors, failed, release: () => {} };
    },
    count: (part) => Number(readMetadata(toArrayBuffer(part)).num_rows),
    decode,
  });
}

/** Bytes are not texts, and a JavaScript date has no microseconds. */
const AS_STORED = {
  utf8: false,
  parsers: {
    timestampFromMilliseconds: (value: bigint) => value,
    timestampFromMicroseconds: (value: bigint) => value,
    timestampFromNanoseconds: (value: bigint) => value,
    dateFromDays: (days: number) => days,
  },
};

interface Layout {
  readonly encoding?: 'PLAIN';
  readonly codec?: 'UNCOMPRESSED';
  readonly statistics?: false;
}

const SCALAR_LAYOUT: Layout = {};
/** Files are compressed already, and differ from each other. */
const BYTES_LAYOUT: Layout = { statistics: false, encoding: 'PLAIN', codec: 'UNCOMPRESSED' };

/** Numbers of a vector differ in every bit, so a dictionary and compression only take time. */
function layoutOf(type: ValueType): Layout {
  if (typeof type === 'string') return type === 'bytes' ? BYTES_LAYOUT : SCALAR_LAYOUT;
  let items: ValueType = type;
  while (typeof items === 'object' && 'list' in items) items = items.list;
  const isVector = items === 'float' || items === 'double';
  return { statistics: false, ...(isVector && { encoding: 'PLAIN', codec: 'UNCOMPRESSED' }) };
}

function toArrayBuffer({ buffer, byteOffset, length }: Buffer): ArrayBuffer {
  if (buffer instanceof ArrayBuffer && byteOffset === 0 && length === buffer.byteLength) return buffer;
  return Uint8Array.from(new Uint8Array(buffer, byteOffset, length)).buffer;
}

function readMetadata(file: ArrayBuffer): FileMetaData {
  try {
    return parquetMetadata(file);
  } catch (cause) {
    throw malformed(cause);
  }
}

function malformed(cause: unknown): MalformedPart {
  return new MalformedPart(messageOf(cause), { cause });
}
