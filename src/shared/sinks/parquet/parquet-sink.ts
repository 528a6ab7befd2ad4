/** Parquet with a row group per megabyte of results. Files of many parts have larger ones. */
import { parquetMetadata, type FileMetaData } from 'hyparquet';
import type { PartTable } from '../../domain/job/part-format.ts';
import { messageOf } from '../../errors.ts';
import { MalformedPart, type Sink, type StoredRow } from '../sink.ts';
import { encodeRows } from '../table/encode-rows.ts';
import { createTableSink } from '../table/table-sink.ts';
import { openParquetFile } from './parquet-file.ts';
import { createParquetReader, readParquetFile, readParquetPiece } from './parquet-reader.ts';
import { parquetValue } from './parquet-values.ts';
import { createRowGroups } from './row-groups.ts';

/**
 * A row group is written in one go. With this many characters of JSON, that takes about as long as a long turn of the
 * event loop. It depends only on the rows, so that the same rows give the same bytes.
 */
const GROUP_CHARS = 1024 * 1024;

export function createParquetSink(table: PartTable): Sink {
  const { columns } = table;
  const reader = createParquetReader(table, null);

  return createTableSink({
    format: 'parquet',
    async encode(rows, outcomes) {
      const groups = createRowGroups(columns, GROUP_CHARS);
      const { errors, failed } = await encodeRows(columns, rows, outcomes, (index, id, cells) => {
        const values = columns.map((column, at) => parquetValue(column, cells[at]!));
        const size = cells.reduce((sum, cell) => sum + (cell?.length ?? 0), id.length);
        groups.add([BigInt(index), id, ...values], size);
      });
      return { results: groups.end(), errors, failed, release: () => {} };
    },
    count: (part) => Number(readMetadata(toArrayBuffer(part)).num_rows),
    async decode(part) {
      const { file, metadata } = readPart(part);
      const rows: StoredRow[] = [];
      for await (const group of reader.read(file, metadata)) for (const row of group) rows.push(row);
      return rows;
    },
    openFile: (without) => openParquetFile(table, without, readPart),
    readFile: (file, given) => readParquetFile(file, createParquetReader(table, given)),
    readPiece: async (piece, file, given) => readParquetPiece(piece, file, createParquetReader(table, given)),
  });
}

/** Throws MalformedPart. */
function readPart(part: Buffer): { readonly file: ArrayBuffer; readonly metadata: FileMetaData } {
  const file = toArrayBuffer(part);
  return { file, metadata: readMetadata(file) };
}

function toArrayBuffer({ buffer, byteOffset, length }: Buffer): ArrayBuffer {
  if (buffer instanceof ArrayBuffer && byteOffset === 0 && length === buffer.byteLength) return buffer;
  return Uint8Array.from(new Uint8Array(buffer, byteOffset, length)).buffer;
}

function readMetadata(file: ArrayBuffer): FileMetaData {
  try {
    return parquetMetadata(file);
  } catch (cause) {
    throw new MalformedPart(messageOf(cause), { cause });
  }
}
