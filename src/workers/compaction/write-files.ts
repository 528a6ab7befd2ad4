/**
 * Writes the files of a task: one with all rows of its parts, or one per value of a column. Every run of a task
 * publishes the same bytes under the same names. The list of the files comes last. Once it is there, the task is done.
 */
import type { JobSpec } from '../../shared/domain/job/job.ts';
import { addsFiles, type FileTask } from '../../shared/domain/job/compaction.ts';
import type { ResultColumn } from '../../shared/domain/job/part-format.ts';
import { DELTA_INSTEAD, RESUME_INSTEAD } from '../../shared/error-guide/partition-advice.ts';
import { ForebayError } from '../../shared/errors.ts';
import { recordedVersions } from '../../shared/domain/row-versions.ts';
import { createTurn } from '../../shared/process/event-loop-turn.ts';
import { parseLines } from '../../shared/sinks/jsonl/jsonl-sink.ts';
import type { RowFile, StoredRow } from '../../shared/sinks/sink.ts';
import { givenColumn } from '../../shared/sinks/given-column.ts';
import { sinkOf } from '../../shared/sinks/sink-of.ts';
import { fileListName, fileName, fileRowsName, folderOf } from '../../shared/storage/file-names.ts';
import type { Output } from '../../shared/storage/output.ts';
import { publishFile } from '../../shared/storage/publish-file.ts';
import type { ManifestPart } from '../../shared/storage/read-manifest.ts';
import { understood } from '../../shared/storage/read-part.ts';
import { createRowNotes, FAILED, type FilePieces, type RowNotes } from './note-rows.ts';
import { createPartitionValue } from './partition-value.ts';
import { readParts } from './read-parts.ts';
import { openSpill, type Spill } from './spill.ts';
import { shortened } from '../../shared/text/shortened.ts';

/** More files than this would burden the file system and the readers of the output. */
export const MAX_PARTITIONS = 4_096;

export interface FilesToWrite {
  readonly spec: JobSpec;
  readonly task: FileTask;
  readonly output: Output;
  /** The token of the run. */
  readonly token: string;
  /** Whether the run may publish. */
  readonly permit: () => Promise<boolean>;
  /** A folder of this machine, for rows that are being sorted. */
  readonly spillFolder: string;
  readonly signal: AbortSignal;
}

export interface WrittenFiles {
  readonly files: number;
  readonly rows: number;
  readonly bytes: number;
}

/** The run has lost its block or its job. */
class Refused extends Error {}

/** Null if the run may not publish. Rejects with the errors of `publishFile` and ForebayError `invalid_partition`. */
export async function writeFiles(run: FilesToWrite): Promise<WrittenFiles | null> {
  const { partition_by: column } = run.spec.compact!;
  const notes = await openNotes(run);
  try {
    const files =
      column === undefined ? [await writeWhole(run, notes)] : await writePartitions(run, column, notes);
    if (notes?.isComplete === true) await writeNotes(run, notes);
    await publish(run, fileListName(run.task.file), async (add) => {
      await add(Buffer.from(files.map((file) => `${JSON.stringify(file)}\n`).join('')));
    });
    const sum = (of: 'rows' | 'bytes') => files.reduce((all, file) => all + file[of], 0);
    return { files: files.length, rows: sum('rows'), bytes: sum('bytes') };
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  } finally {
    await notes?.close();
  }
}

/** Null: the job records no versions of its rows. */
async function openNotes({ spec, spillFolder, token }: FilesToWrite): Promise<RowNotes | null> {
  const by = recordedVersions(spec);
  return by && createRowNotes(spec.id, by, await openSpill(spillFolder, `rows-${token}`));
}

async function writeNotes(run: FilesToWrite, notes: RowNotes): Promise<void> {
  await publish(run, fileRowsName(run.task.file), async (add) => {
    for await (const text of notes.text()) await add(Buffer.from(text));
  });
}

type Add = (bytes: Uint8Array) => Promise<void>;

async function publish(
  { output, spec, token, permit, signal }: FilesToWrite,
  path: string,
  write: (add: Add) => Promise<void>,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  signal.throwIfAborted();
  const published = await publishFile(output, { job: spec.id, path, token, write }, permit);
  if (published === null) throw new Refused();
  return published;
}

async function writeWhole(run: FilesToWrite, notes: RowNotes | null): Promise<ManifestPart> {
  const { spec, task } = run;
  const sink = sinkOf(spec);
  const name = fileName(task.file, sink.format);
  let rows = 0;
  const { bytes, sha256 } = await publish(run, name, async (add) => {
    const file = sink.openFile(null);
    // Failed rows are noted among the others, so that all are in order.
    const pieces = notes?.open(FAILED, name, null, false);
    for await (const part of partsOf(run)) {
      const results = await understood(part.path, async () => file.addPart(part.bytes));
      rows += results;
      await notes?.addPart(part, results, () => FAILED);
      await addReady(file, add, pieces);
    }
    await addRest(file, add, pieces);
  });
  return { name, rows, bytes, sha256, errors: null };
}

async function writePartitions(
  run: FilesToWrite,
  column: ResultColumn,
  notes: RowNotes | null,
): Promise<ManifestPart[]> {
  const spill = await openSpill(run.spillFolder, `compact-${run.token}`);
  try {
    const values = await sortRows(run, column, spill, notes);
    const files: ManifestPart[] = [];
    for (const folder of spill.keys()) {
      files.push(await writePartition(run, column, folder, values.get(folder)!, spill, notes));
    }
    return files;
  } finally {
    await spill.close();
  }
}

/** Returns the value of each folder. */
async function sortRows(
  run: FilesToWrite,
  column: ResultColumn,
  spill: Spill,
  notes: RowNotes | null,
): Promise<ReadonlyMap<string, string | null>> {
  const sink = sinkOf(run.spec);
  const valueOf = createPartitionValue(column, run.spec.table);
  const values = new Map<string, string | null>();
  const turn = createTurn();
  for await (const part of partsOf(run)) {
    const rows = await understood(part.path, async () => sink.decode(part.bytes));
    const folders = new Map<number, string>();
    for (const row of rows) {
      if (turn.isOver()) await turn.next();
      const value = valueOf(row);
      const place = folderOf(column.name, value);
      if (!place.ok) throw noFolder(run.spec, column, row, value!, place.why);
      const { folder } = place;
      if (!values.has(folder)) {
        if (values.size === MAX_PARTITIONS) throw tooMany(run.spec, column);
        values.set(folder, value === '' ? null : value);
      }
      await spill.add(folder, row.text);
      folders.set(row.index, folder);
    }
    await notes?.addPart(part, rows.length, (index) => folders.get(index));
  }
  return values;
}

async function writePartition(
  run: FilesToWrite,
  column: ResultColumn,
  folder: string,
  value: string | null,
  spill: Spill,
  notes: RowNotes | null,
): Promise<ManifestPart> {
  const sink = sinkOf(run.spec);
  const name = fileName(run.task.file, sink.format, folder);
  let rows = 0;
  const { bytes, sha256 } = await publish(run, name, async (add) => {
    const file = sink.openFile(column.name);
    // Null and the empty text share a folder, and a table lacks the column.
    const isUnknown = value === null && column.type === 'string' && sink.format !== 'jsonl';
    const pieces = notes?.open(folder, name, givenColumn(column, value), isUnknown);
    const turn = createTurn();
    for await (const text of spill.read(folder)) {
      for (const row of rowsOf(text)) {
        if (turn.isOver()) await turn.next();
        file.addRow(row);
        rows += 1;
        await addReady(file, add, pieces);
      }
    }
    await addRest(file, add, pieces);
  });
  return { name, rows, bytes, sha256, errors: null, partition: { [column.name]: value } };
}

function* rowsOf(lines: string): Generator<StoredRow, void, undefined> {
  for (let at = 0, end; at < lines.length; at = end) {
    end = lines.indexOf('\n', at) + 1;
    yield* parseLines(Buffer.from(lines.slice(at, end)));
  }
}

function partsOf({ output, spec, task, signal }: FilesToWrite) {
  return readParts(output, spec, task, signal);
}

async function addReady(file: RowFile, add: Add, pieces: FilePieces | undefined): Promise<void> {
  const ready = file.take();
  if (ready === null) return;
  pieces?.note(ready, file.rowsTaken());
  await add(ready);
}

async function addRest(file: RowFile, add: Add, pieces: FilePieces | undefined): Promise<void> {
  const rest = file.end();
  pieces?.note(rest, file.rowsTaken());
  await add(rest);
}

function tooMany(spec: JobSpec, { name }: ResultColumn): ForebayError {
  return refused(spec, name, `it has more than ${MAX_PARTITIONS} values`);
}

function noFolder(
  spec: JobSpec,
  { name }: ResultColumn,
  { index }: StoredRow,
  value: string,
  why: string,
): ForebayError {
  return refused(spec, name, `the value of row ${index} ${why}: ${shortened(value, 40)}`);
}

function refused(spec: JobSpec, name: string, why: string): ForebayError {
  const isFixed = addsFiles(spec);
  return new ForebayError(
    'invalid_partition',
    `The output cannot be partitioned by "${name}": ${why}. ` +
      (isFixed
        ? `The files of the earlier jobs have not changed, and the results of the retry are in parts beside them. ${DELTA_INSTEAD}`
        : `All results are in the parts. ${RESUME_INSTEAD}`),
  );
}
