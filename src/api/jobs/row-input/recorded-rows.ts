/** What a job's output records about its rows: their ids, and the versions that workers have read. */
import type { JobRecord } from '../../../shared/domain/job/job.ts';
import { sinkOf } from '../../../shared/sinks/sink-of.ts';
import { rowsOfPart } from '../../../shared/storage/earlier-rows.ts';
import { compactedBy, readManifest } from '../../../shared/storage/read-manifest.ts';
import { compactedRows } from '../streams/compacted-rows.ts';
import type { Output, Outputs } from '../../../shared/storage/output.ts';
import { readBlock } from '../../../shared/storage/read-part.ts';
import type { RecordedRow } from '../../../shared/storage/row-record.ts';
import { createRecent } from './recent.ts';

/** A page of results needs the rows of few parts, and asks for them together. */
const KEPT_PARTS = 16;

type Rows = ReadonlyMap<number, RecordedRow>;

export function createRecordedRows(outputs: Outputs) {
  /** A published part never changes, but a new job may overwrite the output. So the job is part of the key. */
  const parts = createRecent<Promise<Rows>>(KEPT_PARTS);

  async function read(job: JobRecord, part: number, signal: AbortSignal): Promise<Rows> {
    const { spec } = job;
    const output = outputs.of(spec.output);
    const block = await readBlock(output, part, sinkOf(spec));
    if (block === null) return spec.compact === undefined ? new Map() : readFiles(output, job, part, signal);
    const rows = await rowsOfPart(output, spec, part, block.partHash, block.counts.failed > 0);
    return new Map(rows.map((row) => [row.index, row]));
  }

  /**
   * The row with this index. Null: its part is not published. In a retry, it is the row of the first job, which has the
   * same id. Rejects with ForebayError `output_changed` or the errors of the storage.
   */
  return async function recordedRow(
    job: JobRecord,
    index: number,
    signal: AbortSignal,
  ): Promise<RecordedRow | null> {
    const { spec } = job;
    const part = Math.floor(index / spec.options.block_rows);
    const key = `${spec.id}/${part}`;
    const rows = await parts.of(key, () => read(job, part, signal));
    const found = rows.get(index) ?? null;
    // The part may be published later.
    if (found === null) parts.forget(key);
    return found;
  };
}

/** Reads the rows of an output whose parts have become files. Files keep no versions. */
async function readFiles(output: Output, job: JobRecord, part: number, signal: AbortSignal): Promise<Rows> {
  const found = new Map<number, RecordedRow>();
  const { spec } = job;
  if (compactedBy(await readManifest(output)) !== spec.id) return found;
  const first = part * spec.options.block_rows;
  const end = first + spec.options.block_rows;
  const isOrdered = spec.compact?.partition_by === undefined;
  for await (const rows of compactedRows(output, job, first, true)) {
    signal.throwIfAborted();
    for (const { index, id } of rows) {
      if (index < end) found.set(index, { index, id, version: null, failed: false });
    }
    if (found.size === end - first || (isOrdered && (rows.at(-1)?.index ?? 0) >= end)) break;
  }
  return found;
}
