// Reads the rows of archives in every way that the service does, and checks that all ways agree.
import type { ByteFile, ByteFiles } from '#forebay/shared/datasets/bytes/byte-file.js';
import { openDataset } from '#forebay/shared/datasets/open-dataset.js';
import { listRows, openSlice, readSliceRow } from '#forebay/shared/datasets/open-slice.js';
import { createSkippedCounter } from '#forebay/shared/datasets/skipped-counter.js';
import type { RowRecord } from '#forebay/shared/datasets/slice-rows.js';
import type { Slice } from '#forebay/shared/datasets/source.js';
import { rowId } from '#forebay/shared/domain/block.js';
import type { ArchiveSpec, Cursor } from '#forebay/shared/domain/dataset-spec.js';
import type { Skipped } from '#forebay/shared/domain/skipped.js';

const never = new AbortController().signal;
export const LIMITS = { maxFileBytes: 1_000_000, maxFetchRatio: 100 };

/** Archives in memory, by path. */
export function filesOf(contents: Readonly<Record<string, Buffer>>): ByteFiles {
  const open = async (path: string): Promise<ByteFile> => {
    const bytes = contents[path];
    if (bytes === undefined) throw new Error(`there is no ${path}`);
    return {
      name: path,
      size: bytes.length,
      version: `${bytes.length}`,
      async read(into, position) {
        return bytes.copy(into, 0, position);
      },
      async close() {},
    };
  };
  return { open, openHead: open };
}

export function specOf(path: string, more: Partial<ArchiveSpec> = {}): ArchiveSpec {
  const base = path.slice(0, path.lastIndexOf('/'));
  return {
    type: 'archive',
    path,
    base,
    grouped: false,
    reads: 'image',
    include: [],
    exclude: [],
    listing: 2,
    ...more,
  };
}

export async function slicesOf(
  files: ByteFiles,
  spec: ArchiveSpec,
  size: number,
  from: Cursor | null = null,
): Promise<Slice[]> {
  const found: Slice[] = [];
  const tally = createSkippedCounter(from?.skipped);
  for await (const slice of openDataset(spec, { files }).slices!(from, () => size, never, tally))
    found.push(slice);
  return found;
}

/** What a row is, in short: its text or its fields, or its error. */
function brief(record: RowRecord): unknown {
  if (!record.ok) return `${record.code ?? 'invalid_row'}: ${record.why}`;
  if (record.file !== undefined) return Buffer.from(record.file).toString();
  return Object.fromEntries(
    Object.entries(record.fields).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? Buffer.from(value).toString() : value,
    ]),
  );
}

/** The rows of slices of this size, by id. */
export async function rowsOf(files: ByteFiles, spec: ArchiveSpec, size = 3): Promise<[string, unknown][]> {
  const rows: [string, unknown][] = [];
  for (const { firstRow, rows: count, ref, check } of await slicesOf(files, spec, size)) {
    const slice = { firstRow, count, ref, check };
    const before = rows.length;
    for await (const chunk of openSlice(files, spec, slice, never, { limits: LIMITS })) {
      for (let at = 0; at < chunk.count; at++) rows.push([chunk.ids![at]!, brief(chunk.record(at))]);
    }
    const named = await listRows(files, spec, slice, never);
    const ids = rows.slice(before).map(([id]) => id);
    const listed = ids.map((_, i) => rowId(named, i));
    if (listed.join('\n') !== ids.join('\n')) throw new Error(`${listed.join()} is not ${ids.join()}`);
  }
  return rows;
}

/** The same rows, listed and read one by one, as a retry does; and what was left out. */
export async function listedOf(
  files: ByteFiles,
  spec: ArchiveSpec,
): Promise<{ rows: [string, unknown][]; skipped: Skipped }> {
  const rows: [string, unknown][] = [];
  const tally = createSkippedCounter();
  for await (const { row } of openDataset(spec, { files }).read(null, never, tally)) {
    rows.push([row.id, brief((await readSliceRow(files, spec, row.at!, never, LIMITS)).record)]);
  }
  return { rows, skipped: tally.total() };
}
