/** Which version of its file a row was read from: by the opened file and, if the row asks for it, by the content. */
import { contentVersion } from '../../../shared/delta/content-version.ts';
import { UNCHANGED } from '../../../shared/domain/unchanged.ts';
import { ForebayError } from '../../../shared/errors.ts';
import type { FileStamp } from '../../../shared/files/file-version.ts';
import type { LaneInput } from '../messages.ts';

/** Several models may read the row. The version that the first one opened counts, and a later one is a change. */
export function noteOpened(row: LaneInput, opened: FileStamp | undefined): void {
  if ('path' in row) row.opened ??= opened;
}

/** Throws the error UNCHANGED if the row need not be computed. */
export function checkContent(row: LaneInput, bytes: Uint8Array): void {
  if (!('path' in row) || row.known === undefined) return;
  row.digest ??= contentVersion(bytes);
  if (row.digest === row.known) throw new ForebayError(UNCHANGED.code, UNCHANGED.message);
}
