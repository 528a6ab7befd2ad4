/** Finds the number of the first file that a retry adds to a compacted output. */
import { fileNumber, fileRowsNumber, ROWS_PREFIX } from '../../../shared/storage/file-names.ts';
import type { Output } from '../../../shared/storage/output.ts';
import { compactedBy, manifestParts, readManifest } from '../../../shared/storage/read-manifest.ts';

/** Null: the parts of `job`, the last job of the output, have not become files. */
export async function nextFile(output: Output, job: string): Promise<number | null> {
  if (compactedBy(await readManifest(output)) !== job) return null;
  let last = -1;
  for await (const { name } of manifestParts(output)) last = Math.max(last, fileNumber(name) ?? -1);
  // A task whose rows have all failed has a record of its rows, but may have no file.
  for await (const { name } of output.list(ROWS_PREFIX)) last = Math.max(last, fileRowsNumber(name) ?? -1);
  return last + 1;
}
