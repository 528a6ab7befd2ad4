/** The first file that has rows of a table in several files, as a table of its own. */
import type { PartsSpec, TableSpec } from '../../domain/dataset-spec.ts';
import { ForebayError } from '../../errors.ts';
import { shownPath } from '../../stores/remote-url.ts';
import { pathBelow } from '../base-path.ts';
import { withHead, type ByteFiles } from '../bytes/byte-file.ts';
import { hasNoRows } from './has-no-rows.ts';
import { listParts, type ListFiles } from './list-parts.ts';
import { tableOfPart } from './part-table.ts';

/** Throws as reading a part does, and ForebayError `input_not_found` if no file has rows. */
export async function firstPart(
  spec: PartsSpec,
  files: ByteFiles,
  listFiles: ListFiles,
  signal: AbortSignal,
): Promise<TableSpec> {
  for await (const { name } of listParts(spec, listFiles, null, signal)) {
    const path = pathBelow(spec.base, name);
    const table = await withHead(files, path, signal, async (head) =>
      hasNoRows(spec, head) ? null : tableOfPart(spec, path, head, signal),
    );
    if (table !== null) return table;
  }
  throw new ForebayError('input_not_found', `No file of ${shownPath(spec.path)} has rows.`);
}
