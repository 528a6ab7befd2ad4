/** What a job's output records about its rows: their ids, and the versions that workers have read. */
import { addsFiles, fileTask } from '../../../shared/domain/job/compaction.ts';
import type { JobRecord } from '../../../shared/domain/job/job.ts';
import type { PartRecord } from '../../../shared/domain/part-record.ts';
import { sinkOf } from '../../../shared/sinks/sink-of.ts';
import { rowsOfPart } from '../../../shared/storage/earlier-rows.ts';
import { rowsBetween } from '../../../shared/storage/file-rows/rows-between.ts';
import { fileRowsNumber, ROWS_PREFIX } from '../../../shared/storage/file-names.ts';
import { recordName } from '../../../shared/storage/output-names.ts';
import type { Output, Outputs } from '../../../shared/storage/output.ts';
import { openPartIndex, type PartIndex } from '../../../shared/storage/part-index/part-index.ts';
import { isInFiles, outputJobs } from '../../../shared/storage/output-jobs.ts';
import { readManifest } from '../../../shared/storage/read-manifest.ts';
import { readBlock } from '../../../shared/storage/read-part.ts';
import { parseRowRecord, type RecordedRow } from '../../../shared/storage/row-record.ts';
import { compactedRows } from '../streams/compacted-rows.ts';
import { createRecent } from './recent.ts';

/** A page of results needs the rows of few parts, and asks for them together. */
const KEPT_PARTS = 16;
const KEPT_INDEXES = 4;

type Rows = ReadonlyMap<number, RecordedRow>;

export function createRecordedRows(outputs: Outputs) {
  /** A published part never changes, but a new job may overwrite the output. So the job is part of the key. */
  const parts = createRecent<Promise<Rows>>(KEPT_PARTS);
  const indexes = createRecent<PartIndex>(KEPT_INDEXES);

  async function read(job: JobRecord, part: number, signal: AbortSignal): Promise<Rows> {
    const { spec } = job;
    const output = outputs.of(spec.output);
    const recorded = await fromRecord(output, spec.id, part);
    if (recorded !== null) return recorded;
    // The part is new, belongs to the first job of a retry, or was written by an older version.
    const block = await readBlock(output, part, sinkOf(spec));
    if (block === null) return spec.compact === undefined ? new Map() : readFiles(output, job, part, signal);
    return byIndex(await rowsOfPart(output, spec, part, block.partHash, block.counts.failed > 0));
  }

  /** Reads no results, because the part's hash, which names its record, is in the index of parts. */
  async function fromRecord(output: Output, job: string, part: number): Promise<Rows | null> {
    const index = indexes.of(job, () => openPartIndex(output, job));
    let record: PartRecord | null = null;
    try {
      record = await index.of(part);
    } finally {
      // A running job may add it later.
      if (record === null) indexes.forget(job);
    }
    const bytes = record && (await output.read(recordName(part, record.sha256)));
    const rows = bytes === null ? null : parseRowRecord(bytes);
    return rows && byIndex(rows);
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

function byIndex(rows: readonly RecordedRow[]): Rows {
  return new Map(rows.map((row) => [row.index, row]));
}

/** The rows of an output whose parts have become files. */
async function readFiles(output: Output, job: JobRecord, part: number, signal: AbortSignal): Promise<Rows> {
  const { spec, filePlan } = job;
  const manifest = await readManifest(output);
  // A retry's rows are recorded with the files of the first job, so the retry's own files need not count yet.
  if (!isInFiles(manifest, (addsFiles(spec) ? spec.retry_of : null) ?? spec.id)) return new Map();
  const first = part * spec.options.block_rows;
  const end = first + spec.options.block_rows;
  if (addsFiles(spec)) {
    const rows = await rowsOfFirstJob(output, outputJobs(manifest!)[0]!.job, first, end);
    return rows.size > 0 ? rows : searchFiles(output, job, first, end, signal);
  }
  if (filePlan === null) return new Map();
  const tasks = Array.from({ length: filePlan.tasks }, (_, file) => fileTask(filePlan, file));
  const task = tasks.find((of) => part < of.end);
  const recorded = task === undefined ? null : await rowsBetween(output, spec.id, task.file, first, end);
  return recorded === null ? searchFiles(output, job, first, end, signal) : byIndex(recorded);
}

/** The file plan of the first job may have expired. So this searches the records of all its tasks. */
async function rowsOfFirstJob(output: Output, job: string, first: number, end: number): Promise<Rows> {
  const found: RecordedRow[] = [];
  for await (const { name } of output.list(ROWS_PREFIX)) {
    const task = fileRowsNumber(name);
    if (task !== null) found.push(...((await rowsBetween(output, job, task, first, end)) ?? []));
  }
  return byIndex(found);
}

/** Reads the files. A job that records no versions has no record of the rows in them. */
async function searchFiles(
  output: Output,
  job: JobRecord,
  first: number,
  end: number,
  signal: AbortSignal,
): Promise<Rows> {
  const found = new Map<number, RecordedRow>();
  const isOrdered = job.spec.compact?.partition_by === undefined;
  for await (const rows of compactedRows(output, job, first, true)) {
    signal.throwIfAborted();
    for (const { index, id } of rows) {
      if (index < end) found.set(index, { index, id, version: null, failed: false });
    }
    if (found.size === end - first || (isOrdered && (rows.at(-1)?.index ?? 0) >= end)) break;
  }
  return found;
}
