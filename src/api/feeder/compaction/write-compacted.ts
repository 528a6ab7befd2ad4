/**
 * Ends a job whose parts have become files. Writes the manifest, which lists the files and makes them count. Then
 * removes the parts and everything that describes them. _SUCCESS comes last, so that a reader who waits for it finds
 * each row once. Safe to repeat at any step.
 */
import { addsFiles, firstFile } from '../../../shared/domain/job/compaction.ts';
import { firstPart, type JobRecord } from '../../../shared/domain/job/job.ts';
import { ForebayError } from '../../../shared/errors.ts';
import { countLines } from '../../../shared/sinks/jsonl/jsonl-sink.ts';
import { fileListName, isFileFrom, isFileListName, splitPath } from '../../../shared/storage/file-names.ts';
import {
  errorsNumber,
  indexFile,
  isRecordName,
  MANIFEST_NAME,
  partNumber,
  SUCCESS_NAME,
} from '../../../shared/storage/output-names.ts';
import type { Output, OwnedFiles } from '../../../shared/storage/output.ts';
import {
  compactedBy,
  MANIFEST_PART,
  manifestParts,
  readManifest,
  type ManifestPart,
} from '../../../shared/storage/read-manifest.ts';
import { sha256 } from '../../../shared/text/sha256.ts';
import { createListWriter, type AddText } from '../manifest/list-writer.ts';
import { counted } from '../../../shared/text/counted.ts';

/** Whether the job ends with files in place of its parts. Otherwise its parts stay. */
export function endsCompacted({ spec, status, error, filePlan }: JobRecord): boolean {
  if (status !== 'finalizing') return false;
  if (filePlan !== null) return error === null;
  // A retry whose rows have all failed again has no results. Its errors count, so that they can be retried.
  return addsFiles(spec) && error?.code === 'all_rows_failed';
}

/** Whether the job removes parts or files at its end. The next job of the output may use their names again. */
export function removesFiles(record: JobRecord): boolean {
  return record.filePlan !== null || endsCompacted(record);
}

/**
 * `members` returns the manifest's other members as text. It is called while the parts are still there. The result is
 * the total size of the job's own files in bytes.
 */
export async function writeCompacted(
  output: Output,
  record: JobRecord,
  files: OwnedFiles,
  members: (compact: Record<string, unknown>) => Promise<string>,
): Promise<number> {
  const { id, compact } = record.spec;
  const first = firstFile(record.spec);
  const listed = compactedBy(await readManifest(output));
  if (listed === null && addsFiles(record.spec)) throw manifestGone(output);
  if (listed !== id) {
    await files.replace(MANIFEST_NAME, async (add) => {
      await add('{\n"version":3,\n"parts":[');
      const { count, folders } = await addFiles(add, output, record, first);
      // So a manifest that survives a crash of the machine lists no lost files.
      await output.syncNames(folders);
      await add('\n],\n"errors":[');
      await addErrors(add, output, addsFiles(record.spec) ? firstPart(record.spec) : 0);
      const partitionBy = compact!.partition_by?.name ?? null;
      await add(`\n],\n${await members({ files: count, partition_by: partitionBy })}\n}\n`);
    });
  }
  // An earlier feeder may have died between writing the manifest and syncing its name.
  await output.syncNames(new Set([null]));
  const names = await output.names();
  await files.remove(names.filter((name) => partNumber(name) !== null));
  await files.remove(names.filter((name) => isRecordName(name) || indexFile(name) !== null));
  await files.replace(SUCCESS_NAME, async () => {});
  await files.remove(names.filter(isFileListName));
  let bytes = 0;
  for await (const file of manifestParts(output)) if (isFileFrom(first, file.name)) bytes += file.bytes;
  return bytes;
}

/**
 * Lists the files of earlier jobs, which a retry leaves as they are. Then lists the job's own files, from `first` on.
 * Returns the number of all files, and the folders of the job's own files. Throws if files lack rows of the parts, so
 * that the parts stay.
 */
async function addFiles(
  add: AddText,
  output: Output,
  { spec, filePlan, succeeded }: JobRecord,
  first: number,
) {
  const folders = new Set<string | null>();
  const list = createListWriter(add);
  let rows = 0;
  let count = 0;
  if (addsFiles(spec)) {
    for await (const part of manifestParts(output)) {
      await list.add(part);
      count += 1;
    }
  }
  for (let file = first; file < first + (filePlan?.tasks ?? 0); file++) {
    for (const part of await filesOf(output, file)) {
      await list.add(part);
      folders.add(splitPath(part.name).folder);
      rows += part.rows;
      count += 1;
    }
  }
  await list.flush();
  if (rows === succeeded) return { count, folders };
  throw new ForebayError(
    'output_changed',
    `The compacted files in ${output.place} have ${counted(rows, 'row')}, and job ${spec.id} has ${counted(succeeded, 'result')}: somebody has ` +
      'changed the output. The parts are still there. Resume the output.',
  );
}

function manifestGone(output: Output): ForebayError {
  return new ForebayError(
    'output_changed',
    `${output.pathOf(MANIFEST_NAME)}, which lists the files of the earlier jobs, is gone or damaged: somebody has changed the ` +
      'output. Restore it and resume the output.',
  );
}

async function filesOf(output: Output, file: number): Promise<ManifestPart[]> {
  const name = fileListName(file);
  const text = (await output.read(name))?.toString('utf8');
  try {
    if (text !== undefined) {
      return text.split('\n').flatMap((line) => (line === '' ? [] : [MANIFEST_PART.parse(JSON.parse(line))]));
    }
  } catch {
    // Not written by Forebay.
  }
  throw new ForebayError(
    'output_changed',
    `${output.pathOf(name)} is gone or damaged: somebody has changed the output. Resume it.`,
  );
}

/**
 * Errors are not compacted. There is still one file per block with failed rows. `rerunEnd`: a retry has run the rows of
 * all files below this number again, so they are superseded.
 */
async function addErrors(add: AddText, output: Output, rerunEnd: number): Promise<void> {
  const list = createListWriter(add);
  const numbered = (await output.names()).filter((name) => errorsNumber(name) !== null);
  for (const name of numbered.toSorted()) {
    const errors = await output.read(name);
    if (errors === null) continue;
    const rows = countLines(errors);
    const superseded = errorsNumber(name)! < rerunEnd ? { superseded: rows } : {};
    await list.add({ name, rows, sha256: sha256(errors), ...superseded });
  }
  await list.flush();
}
