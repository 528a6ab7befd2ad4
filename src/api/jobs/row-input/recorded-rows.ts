/** What a job's output knows of its rows: their ids, and the versions that workers have read. */
import type { JobSpec } from '../../../shared/domain/job/job.ts';
import { sinkOf } from '../../../shared/sinks/sink-of.ts';
import { rowsOfPart } from '../../../shared/storage/earlier-rows.ts';
import type { Outputs } from '../../../shared/storage/output.ts';
import { readBlock } from '../../../shared/storage/read-part.ts';
import type { RecordedRow } from '../../../shared/storage/row-record.ts';
import { createRecent } from './recent.ts';

/** A page of results needs the rows of few parts, and asks for them together. */
const KEPT_PARTS = 16;

type Rows = ReadonlyMap<number, RecordedRow>;

export type RecordedRows = ReturnType<typeof createRecordedRows>;

export function createRecordedRows(outputs: Outputs) {
  /** A published part never changes, but a new job may overwrite the output. So the job is part of the key. */
  const parts = createRecent<Promise<Rows>>(KEPT_PARTS);

  async function read(spec: JobSpec, part: number): Promise<Rows> {
    const output = outputs.of(spec.output);
    const block = await readBlock(output, part, sinkOf(spec));
    if (block === null) return new Map();
    const rows = await rowsOfPart(output, spec, part, block.partHash, block.counts.failed > 0);
    return new Map(rows.map((row) => [row.index, row]));
  }

  /**
   * The row with this index. Null: its part is not published. In a retry, it is the row of the first job, which has the
   * same id. Rejects with ForebayError `output_changed` or the errors of the storage.
   */
  return async function recordedRow(spec: JobSpec, index: number): Promise<RecordedRow | null> {
    const part = Math.floor(index / spec.options.block_rows);
    const key = `${spec.id}/${part}`;
    const rows = await parts.of(key, () => read(spec, part));
    const found = rows.get(index) ?? null;
    // The part may be published later.
    if (found === null) parts.forget(key);
    return found;
  };
}
