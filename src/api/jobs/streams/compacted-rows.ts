/**
 * Reads the rows of a compacted output in constant memory. Files come in order, and so do the rows of each file. So all
 * rows come in order, unless a column partitions them.
 */
import { addsFiles, fileTask, firstFile } from '../../../shared/domain/job/compaction.ts';
import { firstPart, type JobRecord } from '../../../shared/domain/job/job.ts';
import { ForebayError } from '../../../shared/errors.ts';
import { parseLines } from '../../../shared/sinks/jsonl/jsonl-sink.ts';
import { givenColumn } from '../../../shared/sinks/given-column.ts';
import { sinkOf } from '../../../shared/sinks/sink-of.ts';
import type { GivenColumn, StoredRow } from '../../../shared/sinks/sink.ts';
import { fileNumber } from '../../../shared/storage/file-names.ts';
import type { Output } from '../../../shared/storage/output.ts';
import { isInFiles } from '../../../shared/storage/output-jobs.ts';
import { errorsNumber, MANIFEST_NAME } from '../../../shared/storage/output-names.ts';
import {
  hasChanged,
  manifestErrors,
  manifestParts,
  readManifest,
  READS,
  type ManifestPart,
} from '../../../shared/storage/read-manifest.ts';
import { understoodRows } from '../../../shared/storage/read-part.ts';

/**
 * Yields only the job's own rows, even if a retry has added files. `from`: the first row to yield. `withErrors`: also
 * yields failed rows, each before the next result with a greater index.
 */
export async function* compactedRows(
  output: Output,
  job: JobRecord,
  from: number,
  withErrors: boolean,
): AsyncGenerator<readonly StoredRow[], void, undefined> {
  const results = resultRows(output, job);
  const errors = withErrors ? errorRows(output, job) : null;
  let failed = await errors?.next();
  for await (const rows of results(from)) {
    const merged: StoredRow[] = [];
    for (const row of rows) {
      for (; failed?.done === false && failed.value.index < row.index; failed = await errors!.next()) {
        merged.push(failed.value);
      }
      merged.push(row);
    }
    yield merged.filter(({ index }) => index >= from);
  }
  for (; failed?.done === false; failed = await errors!.next()) {
    if (failed.value.index >= from) yield [failed.value];
  }
}

function resultRows(output: Output, { spec, filePlan }: JobRecord) {
  const sink = sinkOf(spec);
  const first = firstFile(spec);
  const tasks = filePlan?.tasks ?? 0;
  /** The index after the last row of a file. A retry has few rows, with any index, so none of its files is skipped. */
  const rowsBefore = (task: number) =>
    addsFiles(spec) ? Infinity : fileTask(filePlan!, task).end * spec.options.block_rows;
  return async function* results(from: number): AsyncGenerator<readonly StoredRow[], void, undefined> {
    for await (const part of throughout(output, spec.id, manifestParts)) {
      const task = (fileNumber(part.name) ?? -1) - first;
      if (task < 0 || task >= tasks || rowsBefore(task) <= from) continue;
      const path = output.pathOf(part.name);
      const file = await output.open(part.name);
      if (file === null) throw fileGone(path);
      try {
        yield* understoodRows(path, sink.readFile(file, givenOf(spec, part)));
      } finally {
        await file.close();
      }
    }
  };
}

function givenOf({ compact }: JobRecord['spec'], { partition }: ManifestPart): GivenColumn | null {
  const column = compact?.partition_by;
  if (column === undefined || partition === undefined) return null;
  return givenColumn(column, partition[column.name] ?? null);
}

async function* errorRows(
  output: Output,
  { spec, succeeded, failed }: JobRecord,
): AsyncGenerator<StoredRow, void, undefined> {
  const first = firstPart(spec);
  const end = first + Math.ceil((succeeded + failed) / spec.options.block_rows);
  for await (const name of throughout(output, spec.id, manifestErrors)) {
    const number = errorsNumber(name);
    if (number === null || number < first || number >= end) continue;
    const errors = await output.read(name);
    if (errors === null) throw fileGone(output.pathOf(name));
    yield* parseLines(errors);
  }
}

/**
 * The entries of a list in the manifest. Once an object on S3 or Azure is replaced, the rest of the earlier one cannot
 * be read. A retry copies all entries to the beginning of its manifest, so reading goes on there after the last one.
 */
async function* throughout<T>(
  output: Output,
  job: string,
  entries: (output: Output) => AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  let read = 0;
  for (let tries = READS; ; tries--) {
    try {
      let at = 0;
      for await (const entry of entries(output)) {
        at += 1;
        if (at <= read) continue;
        read = at;
        tries = READS;
        yield entry;
      }
      return;
    } catch (error) {
      if (tries === 1 || !hasChanged(error)) throw error;
      if (!isInFiles(await readManifest(output), job)) throw fileGone(output.pathOf(MANIFEST_NAME));
    }
  }
}

export function fileGone(path: string): ForebayError {
  return new ForebayError(
    'not_found',
    `${path} was written but is no longer there. The results were moved or deleted, or their folder is not mounted.`,
  );
}
