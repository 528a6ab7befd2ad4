/** A slice of a Parquet file: a range of its rows, whatever its row groups are. */
import { ForebayError } from '../../errors.ts';
import type { ByteFile } from '../bytes/byte-file.ts';
import type { SliceRows } from '../slice-rows.ts';
import { rowsOfChunk } from './chunk-rows.ts';
import { columnChunks } from './column-chunks.ts';
import { openParquet } from './file/parquet-file.ts';
import { projectionOf, readColumns, type ProjectionOf } from './projection.ts';
import { decodeRows } from './row-range.ts';

/**
 * Yields the rows in chunks. Reads only the columns that the model needs. `firstRow`: index of the first row, which names
 * rows without an id. Throws as reading the file does.
 */
export async function* openParquetSlice(
  file: ByteFile,
  slice: { readonly firstRow: number; readonly ref: string },
  of: ProjectionOf,
  signal: AbortSignal,
): AsyncGenerator<SliceRows> {
  const { first, count } = decodeRows(slice.ref);
  const parquet = await openParquet(file, signal);
  const { rows, columns } = parquet.footer;
  if (first + count > rows) {
    const wanted = `it has ${rows} rows, and row ${first + count - 1} is wanted`;
    throw new ForebayError('dataset_changed', `${file.name} has changed: ${wanted}. Submit it as a new job.`);
  }
  const projection = projectionOf(file.name, columns, of);
  let index = slice.firstRow;
  for await (const chunk of columnChunks(
    parquet,
    file,
    readColumns(projection),
    first,
    first + count,
    signal,
  )) {
    yield rowsOfChunk(chunk, projection, index);
    index += chunk.rows;
  }
}
