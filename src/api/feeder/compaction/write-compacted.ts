/**
 * Ends a job whose parts have become files. Writes the manifest, which lists the files and makes them count. Then
 * removes the parts and everything that describes them. _SUCCESS comes last, so that a reader who waits for it finds
 * each row once. Safe to repeat at any step.
 */
import type { JobRecord } from '../../../shared/domain/job/job.ts';
import { ForebayError } from '../../../shared/errors.ts';
import { countLines } from '../../../shared/sinks/jsonl/jsonl-sink.ts';
import { fileListName, isFileListName, splitPath } from '../../../shared/storage/file-names.ts';
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

/** Whether the job ends with files in place of its parts. Otherwise its parts stay. */
export function endsCompacted({ status, error, filePlan }: JobRecord): boolean {
  return filePlan !== null && status === 'finalizing' && error === null;
}

/**
 * `members` returns the manifest's other members as text. It is called while the parts are still there. The result is
 * the total size of the files in bytes.
 */
export async function writeCompacted(
  output: Output,
  record: JobRecord,
  files: OwnedFiles,
  members: (compact: Record<string, unknown>) => Promise<string>,
): Promise<number> {
  const { id } = record.spec;
  if (compactedBy(await readManifest(output)) !== id) {
    await files.replace(MANIFEST_NAME, async (add) => {
      await add('{\n"version":3,\n"parts":[');
      const { count, folders } = await addFiles(add, output, record);
      // So a manifest that survives a crash of the machine lists no lost files.
      await output.syncNames(folders);
      await add('\n],\n"errors":[');
      await addErrors(add, output);
      const { partition_by: column } = record.spec.compact!;
      await add(`\n],\n${await members({ files: count, partition_by: column?.name ?? null })}\n}\n`);
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
  for await (const file of manifestParts(output)) bytes += file.bytes;
  return bytes;
}

/** Returns the number of files and their folders. Throws if files lack rows of the parts, so that the parts stay. */
async function addFiles(add: AddText, output: Output, { spec, filePlan, succeeded }: JobRecord) {
  const folders = new Set<string | null>();
  const list = createListWriter(add);
  let rows = 0;
  let count = 0;
  for (let file = 0; file < filePlan!.tasks; file++) {
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
    `The compacted files in ${output.place} have ${rows} rows, and job ${spec.id} has ${succeeded} results: somebody has ` +
      'changed the output. The parts are still there. Resume the output.',
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

/** Errors are not compacted. There is still one file per block with failed rows. */
async function addErrors(add: AddText, output: Output): Promise<void> {
  const list = createListWriter(add);
  const numbered = (await output.names()).filter((name) => errorsNumber(name) !== null);
  for (const name of numbered.toSorted()) {
    const errors = await output.read(name);
    if (errors !== null) await list.add({ name, rows: countLines(errors), sha256: sha256(errors) });
  }
  await list.flush();
}
