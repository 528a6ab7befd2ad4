/** Reads what the Parquet sink has written, a row group at a time. */
import { parquetMetadataAsync, parquetReadObjects, type AsyncBuffer, type FileMetaData } from 'hyparquet';
import type { ByteFile } from '../../datasets/bytes/byte-file.ts';
import type { PartTable } from '../../domain/job/part-format.ts';
import { messageOf } from '../../errors.ts';
import { createTurn } from '../../process/event-loop-turn.ts';
import { MalformedPart, type FilePiece, type GivenColumn, type StoredRow } from '../sink.ts';
import { isCopy, storedRow } from '../table/row-line.ts';
import { jsonOf } from './parquet-values.ts';

export type ParquetRow = Readonly<Record<string, unknown>>;
export type ParquetReader = ReturnType<typeof createParquetReader>;

export function createParquetReader(table: PartTable, given: GivenColumn | null) {
  function readRow({ index, id, ...row }: ParquetRow): StoredRow {
    if (typeof index !== 'bigint' || typeof id !== 'string') throw new TypeError('a row has no index and id');
    const cells = table.columns.map((column) => {
      if (column.name === given?.column) return given.value;
      return isCopy(table, column) ? null : jsonOf(column.type, row[column.name]);
    });
    return storedRow(table, Number(index), id, cells);
  }

  return {
    /** The rows of each row group. Rejects with MalformedPart. */
    async *read(
      file: AsyncBuffer,
      metadata: FileMetaData,
      range?: RowRange,
    ): AsyncGenerator<StoredRow[], void, undefined> {
      const turn = createTurn();
      for await (const group of rowGroups(file, metadata, range)) {
        const rows: StoredRow[] = [];
        for (const row of group) {
          if (turn.isOver()) await turn.next();
          try {
            rows.push(readRow(row));
          } catch (cause) {
            throw malformed(cause);
          }
        }
        yield rows;
      }
    },
  };
}

/** Rows of a file from `first` to `end` - 1. */
interface RowRange {
  readonly first: number;
  readonly end: number;
}

const ALL_ROWS: RowRange = { first: 0, end: Infinity };

/** The values of each row group in the range as they are stored. Rejects with MalformedPart. */
export async function* rowGroups(
  file: AsyncBuffer,
  metadata: FileMetaData,
  { first, end }: RowRange = ALL_ROWS,
): AsyncGenerator<ParquetRow[], void, undefined> {
  let rowStart = 0;
  for (const { num_rows } of metadata.row_groups) {
    const rowEnd = rowStart + Number(num_rows);
    try {
      if (rowStart >= first && rowEnd <= end)
        yield await parquetReadObjects({ file, metadata, rowStart, rowEnd, ...AS_STORED });
    } catch (cause) {
      throw malformed(cause);
    }
    rowStart = rowEnd;
  }
}

/** The rows of a file of any size. */
export async function* readParquetFile(
  file: ByteFile,
  reader: ParquetReader,
): AsyncGenerator<StoredRow[], void, undefined> {
  const buffer = bufferOf(file, null);
  yield* reader.read(buffer, await metadataOf(buffer));
}

/** A piece consists of whole row groups. Their places are in the file's footer. */
export async function readParquetPiece(
  piece: FilePiece,
  file: ByteFile,
  reader: ParquetReader,
): Promise<StoredRow[]> {
  const buffer = bufferOf(file, piece);
  const range = { first: piece.firstRow, end: piece.firstRow + piece.rows };
  const rows: StoredRow[] = [];
  for await (const group of reader.read(buffer, await metadataOf(buffer), range)) {
    for (const row of group) rows.push(row);
  }
  return rows;
}

/** `piece`: the part of the file that is in memory already. */
function bufferOf(file: ByteFile, piece: FilePiece | null): AsyncBuffer {
  const { signal } = new AbortController();
  return {
    byteLength: file.size,
    async slice(from, to = file.size) {
      if (piece !== null && from >= piece.at && to <= piece.at + piece.bytes.length) {
        return Uint8Array.from(piece.bytes.subarray(from - piece.at, to - piece.at)).buffer;
      }
      const bytes = new Uint8Array(to - from);
      if ((await file.read(bytes, from, signal)) < bytes.length) throw malformed('it became shorter');
      return bytes.buffer;
    },
  };
}

async function metadataOf(buffer: AsyncBuffer): Promise<FileMetaData> {
  return parquetMetadataAsync(buffer).catch((cause: unknown) => {
    throw malformed(cause);
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

function malformed(cause: unknown): MalformedPart {
  return cause instanceof MalformedPart ? cause : new MalformedPart(messageOf(cause), { cause });
}
