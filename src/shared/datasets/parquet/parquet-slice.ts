/** A slice of a Parquet file: a range of its rows, whatever its row groups are. */
import { ForebayError } from '../../errors.ts';
import type { ByteFile } from '../bytes/byte-file.ts';
import type { FileRows } from '../slice-rows.ts';
import { lostRows, namesOf, rowsOfChunk } from './chunk-rows.ts';
import { columnChunks, type LostChunk } from './column-chunks.ts';
import { openParquet } from './file/parquet-file.ts';
import { projectionOf, readColumns, type ProjectionOf } from './projection.ts';
import { decodeRows } from './row-range.ts';
import { counted } from '../../text/counted.ts';

/** Yields the rows in chunks. Reads only the columns that the model needs. Throws as reading the file does. */
export async function* openParquetSlice(
  file: ByteFile,
  slice: { readonly ref: string },
  of: ProjectionOf,
  signal: AbortSignal,
): AsyncGenerator<FileRows> {
  const { first, count } = decodeRows(slice.ref);
  const parquet = await openParquet(file, signal);
  const { rows, columns } = parquet.footer;
  if (first + count > rows) {
    const wanted = `it has ${counted(rows, 'row')}, and row ${first + count - 1} is wanted`;
    throw new ForebayError('dataset_changed', `${file.name} has changed: ${wanted}. Submit it as a new job.`);
  }
  const projection = projectionOf(file.name, columns, of);
  for await (const chunk of columnChunks(
    parquet,
    file,
    readColumns(projection),
    first,
    first + count,
    signal,
  )) {
    if (!('why' in chunk)) yield rowsOfChunk(chunk, projection);
    else yield* rowsWithoutFields(chunk);
  }

  async function* rowsWithoutFields({ firstRow, rows, why }: LostChunk): AsyncGenerator<FileRows> {
    const { id } = projection;
    if (id === null) return yield lostRows(why, rows, null);
    for await (const chunk of columnChunks(parquet, file, [id], firstRow, firstRow + rows, signal)) {
      const names = 'why' in chunk ? null : namesOf(chunk.cells.get(id)!, id.name, chunk.firstRow);
      yield lostRows(why, chunk.rows, names);
    }
  }
}
