/** Reads Parquet files through slices, as a worker does. */
import { join } from 'node:path';
import { LOCAL_FILES } from '#forebay/shared/datasets/bytes/local-files.js';
import type { ByteFile } from '#forebay/shared/datasets/bytes/byte-file.js';
import { openParquetSlice } from '#forebay/shared/datasets/parquet/parquet-slice.js';
import type { ProjectionOf } from '#forebay/shared/datasets/parquet/projection.js';
import type { RowRecord } from '#forebay/shared/datasets/slice-rows.js';

const never = new AbortController().signal;
export const ALL: ProjectionOf = { fields: null };

export function fixture(name: string): string {
  return join(import.meta.dirname, `../fixtures/parquet/${name}.parquet`);
}

export interface ReadRow {
  /** Null: the index. */
  readonly id: string | null;
  readonly record: RowRecord;
}

/** `ref`: `first+count`. */
export async function rowsOfFile(file: ByteFile, ref: string, of = ALL): Promise<ReadRow[]> {
  const rows: ReadRow[] = [];
  for await (const chunk of openParquetSlice(file, { ref }, of, never)) {
    for (let at = 0; at < chunk.count; at++) {
      rows.push({ id: chunk.ids?.[at] ?? null, record: chunk.record(at) });
    }
  }
  return rows;
}

export async function rowsOf(path: string, ref: string, of = ALL): Promise<ReadRow[]> {
  const file = await LOCAL_FILES.open(path, never);
  try {
    return await rowsOfFile(file, ref, of);
  } finally {
    await file.close();
  }
}

/** The records as values. Why a row is bad, as text. */
export async function valuesOf(path: string, ref: string, of = ALL): Promise<unknown[]> {
  const rows = await rowsOf(path, ref, of);
  return rows.map(({ record }) => (record.ok ? (JSON.parse(record.json) as unknown) : record.why));
}

/** A file in memory. `reads`: collects the ranges that are read. */
export function memoryFile(name: string, bytes: Buffer, reads: [number, number][] = []): ByteFile {
  return {
    name,
    size: bytes.length,
    version: `${name} ${bytes.length}`,
    async read(into, position, signal) {
      signal.throwIfAborted();
      reads.push([position, into.length]);
      return bytes.copy(into, 0, position, position + into.length);
    },
    close: async () => {},
  };
}
