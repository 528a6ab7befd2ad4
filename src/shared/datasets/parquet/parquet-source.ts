/** A Parquet file: one record per row. Its footer says how many rows it has, so cutting and counting read no rows. */
import type { Cursor } from '../../domain/dataset-spec.ts';
import { checkVersion, withFile, type ByteFiles } from '../bytes/byte-file.ts';
import { invalidAt } from '../row-reference.ts';
import type { DatasetSource, Slice, SourceRow } from '../source.ts';
import { namesOf } from './chunk-rows.ts';
import { columnChunks } from './column-chunks.ts';
import { openParquet } from './file/parquet-file.ts';
import { projectionOf, type ProjectionOf } from './projection.ts';
import { encodeRows } from './row-range.ts';

export type ParquetSpec = Pick<ProjectionOf, 'columns'> & { readonly path: string };

/** `nameOf`: names a row that the file does not name, by its position in the file. */
export function createParquetSource(
  { path, columns }: ParquetSpec,
  files: ByteFiles,
  nameOf: (row: number) => string = String,
) {
  return {
    async *read(from: Cursor | null, signal: AbortSignal): AsyncGenerator<SourceRow> {
      const file = await files.open(path, signal);
      try {
        const parquet = await openParquet(file, signal);
        const { rows, columns: all } = parquet.footer;
        // The other columns are read when a row is.
        const { id } = projectionOf(file.name, all, { columns, fields: [] });
        let index = from?.index ?? 0;
        const rowAt = (name: string | null, at = encodeRows({ first: index, count: 1 })) => {
          signal.throwIfAborted();
          const row = { id: name ?? nameOf(index), at };
          return { row, cursor: { index: ++index, at: file.version } };
        };
        if (id === null) {
          while (index < rows) yield rowAt(null);
          return;
        }
        for await (const chunk of columnChunks(parquet, file, [id], index, rows, signal)) {
          if ('why' in chunk) {
            for (let at = 0; at < chunk.rows; at++) yield rowAt(null, invalidAt(chunk.why));
            continue;
          }
          for (const name of namesOf(chunk.cells.get(id)!, id.name, chunk.firstRow)) {
            yield name.ok ? rowAt(name.id) : rowAt(null, invalidAt(name.why));
          }
        }
      } finally {
        await file.close();
      }
    },

    async count(limit: number, signal: AbortSignal) {
      signal.throwIfAborted();
      if (limit <= 0) return 0;
      return withFile(files, path, signal, async (file) => {
        const { footer } = await openParquet(file, signal);
        return Math.min(limit, footer.rows);
      });
    },

    async *slices(
      from: Cursor | null,
      sizeAt: (row: number) => number,
      signal: AbortSignal,
    ): AsyncGenerator<Slice> {
      const file = await files.open(path, signal);
      try {
        if (from !== null && from.at !== '') checkVersion(file, from.at);
        const { rows: total } = (await openParquet(file, signal)).footer;
        for (let firstRow = from?.index ?? 0; firstRow < total;) {
          signal.throwIfAborted();
          const rows = Math.min(sizeAt(firstRow), total - firstRow);
          if (rows <= 0) return;
          const index = firstRow + rows;
          const ref = encodeRows({ first: firstRow, count: rows });
          yield { firstRow, rows, ref, check: file.version, cursor: { index, at: file.version } };
          firstRow = index;
        }
      } finally {
        await file.close();
      }
    },
  } satisfies Omit<DatasetSource, 'names'>;
}
