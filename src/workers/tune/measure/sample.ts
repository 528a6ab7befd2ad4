/** Picks the rows to measure from the beginning of the dataset, and reads them as a worker does. */
import { stat } from 'node:fs/promises';
import { openDataset, type DatasetOptions } from '../../../shared/datasets/open-dataset.ts';
import type { DatasetSpec } from '../../../shared/domain/dataset-spec.ts';
import type { RowRef } from '../../../shared/domain/row.ts';
import { DEFAULT_TENANT } from '../../../shared/domain/tenant.ts';
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import type { RowKind } from '../../../shared/tasks/task-description.ts';
import type { LaneInput } from '../../lane/messages.ts';
import type { RowRead, RowReader, RowsOf } from '../../intake/read/row-reader.ts';

export interface Sample {
  readonly rows: readonly LaneInput[];
  /** Encoded size of all rows. */
  readonly bytes: number;
  /** Rows that could not be read. */
  readonly unreadable: number;
}

/**
 * The sample is spread evenly over this many first rows of the dataset. Listing them is quick, and they often hold more
 * kinds of rows than the first few do.
 */
const LOOKED_AT = 8192;
/** Limit for rows that are held in memory because they are not local files. */
const MAX_HELD_BYTES = 256 * 2 ** 20;

/** Throws ForebayError `input_not_found`, or `input_unreadable`, which includes a sample without a readable row. */
export async function takeSample(
  spec: DatasetSpec,
  input: RowKind,
  count: number,
  {
    reader,
    places,
  }: { readonly reader: RowReader; readonly places: Pick<DatasetOptions, 'stores' | 'files'> },
  signal: AbortSignal,
): Promise<Sample> {
  const refs: RowRef[] = [];
  for await (const { row } of openDataset(spec, places).read(null, signal)) {
    refs.push(row);
    if (refs.length >= LOOKED_AT) break;
  }
  const rowsOf = { dataset: spec, tenant: DEFAULT_TENANT, input };
  const rows: LaneInput[] = [];
  let bytes = 0;
  let held = 0;
  let unreadable = 0;
  let reason = 'it is empty';
  for (const ref of spread(refs, count)) {
    const read = await readRow(reader, rowsOf, ref, signal);
    if (!read.ok) {
      unreadable += 1;
      reason = `no row of ${unreadable} tried can be read. The last error: ${read.error.message}`;
      continue;
    }
    rows.push(read.input);
    bytes += read.bytes;
    if (!('path' in read.input)) held += read.bytes;
    if (held > MAX_HELD_BYTES) break;
  }
  if (rows.length === 0) throw new ForebayError('input_unreadable', `The input gives no sample: ${reason}.`);
  return { rows, bytes, unreadable };
}

/** Lanes open local files. Here they are only checked. */
async function readRow(reader: RowReader, rows: RowsOf, ref: RowRef, signal: AbortSignal): Promise<RowRead> {
  const located = reader.locate(rows, ref);
  if ('fetch' in located) return reader.fetch(rows, located.fetch, signal);
  if (!located.ok || !('path' in located.input)) return located;
  try {
    return { ...located, bytes: (await stat(located.input.path)).size };
  } catch (error) {
    return { ok: false, error: { code: 'file_unreadable', message: messageOf(error) } };
  }
}

/** Returns `count` items at equal distances, or all items. */
export function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)]!);
}
