/** The footer of a Parquet file: its columns and row groups. It is at the end of the file. */
import { parquetMetadata, parquetSchema, type ColumnChunk, type FileMetaData } from 'hyparquet';
import { ForebayError } from '../../../errors.ts';
import { formatBytes } from '../../../text/bytes.ts';
import { readRange, type ByteFile } from '../../bytes/byte-file.ts';
import { Damage, decoding } from './damage.ts';
import { columnsOf, type Column } from './leaves.ts';
import { counted } from '../../../text/counted.ts';

/** The values of one leaf in one row group. */
export interface Chunk {
  readonly codec: string;
  /** Where its first page begins. */
  readonly start: number;
  /** Bytes in the file. */
  readonly size: number;
  readonly values: number;
  /** Where the file lists the chunk's pages. Null: it does not. */
  readonly index: { readonly from: number; readonly to: number } | null;
}

export interface RowGroup {
  /** The index in the file of its first row. */
  readonly firstRow: number;
  readonly rows: number;
  /** One per leaf. A string says why the leaf cannot be read. */
  readonly chunks: readonly (Chunk | string)[];
}

export interface Footer {
  readonly rows: number;
  readonly groups: readonly RowGroup[];
  readonly columns: readonly Column[];
}

/** `PAR1` at both ends of a file. */
const MAGIC = Buffer.from('PAR1');
/** At the end of a file whose footer is encrypted. */
const ENCRYPTED = 'PARE';
/** The length of the footer, and the magic bytes. */
const TAIL_BYTES = 8;
/** Parsing takes about 20 times as much memory for a moment. */
const MAX_FOOTER_BYTES = 16 * 1024 * 1024;

/**
 * For a file of which only the beginning is known. Throws ForebayError `input_unreadable` if it is not a Parquet
 * file.
 */
export async function checkMagic(file: ByteFile, signal: AbortSignal): Promise<void> {
  const head = await readRange(file, { from: 0, to: Math.min(MAGIC.length, file.size) }, signal);
  if (head.equals(MAGIC)) return;
  throw new ForebayError(
    'input_unreadable',
    `${file.name} is not a Parquet file: it does not begin with "PAR1".`,
  );
}

/**
 * Throws ForebayError `input_unreadable` if the file is not a Parquet file that Forebay can read, and the errors of
 * reading the file.
 */
export async function readFooter(file: ByteFile, signal: AbortSignal): Promise<Footer> {
  const refuse = (why: string) => new ForebayError('input_unreadable', `${file.name} ${why}`);
  if (file.size < MAGIC.length + TAIL_BYTES) throw refuse(`is not a Parquet file: ${noParquet(file.size)}.`);
  const tail = await readRange(file, { from: file.size - TAIL_BYTES, to: file.size }, signal);
  const magic = tail.toString('latin1', 4);
  if (magic === ENCRYPTED) {
    throw refuse('has an encrypted footer. Write it without encryption.');
  }
  if (magic !== MAGIC.toString('latin1')) {
    const head = await readRange(file, { from: 0, to: MAGIC.length }, signal);
    throw refuse(
      head.equals(MAGIC)
        ? 'begins as a Parquet file, but its end is missing. Copy or download it again.'
        : 'is not a Parquet file: it does not end with "PAR1".',
    );
  }
  const length = tail.readUInt32LE(0);
  if (length > MAX_FOOTER_BYTES) {
    const limit = formatBytes(MAX_FOOTER_BYTES);
    throw refuse(
      `has a footer of ${formatBytes(length)}; the limit is ${limit}. Write larger row groups, or fewer columns.`,
    );
  }
  if (length > file.size - TAIL_BYTES - MAGIC.length) throw refuse(DAMAGED);
  const bytes = await readRange(file, { from: file.size - TAIL_BYTES - length, to: file.size }, signal);
  try {
    return decoding(() =>
      toFooter(parquetMetadata(new Uint8Array(bytes), { geoparquet: false, parsers: RAW }), file.size),
    );
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    const text = `${file.name} ${DAMAGED} (${error.message})`;
    throw new ForebayError('input_unreadable', text, { cause: error });
  }
}

const DAMAGED = 'has a damaged footer. Copy or download it again.';

function noParquet(size: number): string {
  return size === 0 ? 'it is empty' : `it has only ${size} bytes`;
}

/** Statistics are not used, so they are not converted. Conversion would also fail for some damaged ones. */
const none = () => null;
const RAW = {
  timestampFromMilliseconds: none,
  timestampFromMicroseconds: none,
  timestampFromNanoseconds: none,
  dateFromDays: none,
  stringFromBytes: none,
  jsonFromBytes: none,
  geometryFromBytes: none,
  geographyFromBytes: none,
  uuidFromBytes: none,
};

function toFooter(found: FileMetaData, size: number): Footer {
  const columns = columnsOf(parquetSchema(found));
  const leaves = columns.reduce((sum, column) => sum + column.leaves.length, 0);
  let rows = 0;
  const groups = found.row_groups.map((group): RowGroup => {
    const own = wholeNumber(group.num_rows);
    if (group.columns.length !== leaves) {
      throw new Error(
        `a row group has ${counted(group.columns.length, 'column')}, and the schema has ${leaves}`,
      );
    }
    const firstRow = rows;
    rows += own;
    return { firstRow, rows: own, chunks: group.columns.map((chunk) => toChunk(chunk, size)) };
  });
  if (rows !== wholeNumber(found.num_rows)) {
    throw new Error(`the row groups have ${counted(rows, 'row')}, and the file says ${found.num_rows}`);
  }
  return { rows, groups: groups.filter((group) => group.rows > 0), columns };
}

function toChunk(chunk: ColumnChunk, size: number): Chunk | string {
  const { meta_data: meta, offset_index_offset: indexAt, offset_index_length: indexBytes } = chunk;
  if (chunk.crypto_metadata !== undefined || meta === undefined) return 'is encrypted';
  if (chunk.file_path) return 'is in another file, which is not supported';
  const data = wholeNumber(meta.data_page_offset);
  const dictionary = wholeNumber(meta.dictionary_page_offset ?? 0n);
  // Some writers leave the offset of the dictionary at 0, and others put the dictionary in front without naming it.
  const start = dictionary > 0 && dictionary < data ? dictionary : data;
  const bytes = wholeNumber(meta.total_compressed_size);
  if (start < MAGIC.length || start + bytes > size) return 'lies beyond the end of the file';
  const from = wholeNumber(indexAt ?? 0n);
  const hasIndex = from > 0 && indexBytes !== undefined && indexBytes > 0 && from + indexBytes <= size;
  return {
    codec: meta.codec,
    start,
    size: bytes,
    values: wholeNumber(meta.num_values),
    index: hasIndex ? { from, to: from + indexBytes } : null,
  };
}

function wholeNumber(value: bigint | number): number {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new Error(`a size or number of rows is ${value}`);
}

/** The row group that holds a row of the file. */
export function groupOf({ groups }: Footer, row: number): number {
  let low = 0;
  let high = groups.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (groups[middle]!.firstRow <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}
