/** Finds the version of a file by its content, if the row asks for it. */
import { contentVersion } from '../../../shared/delta/content-version.ts';
import { UNCHANGED } from '../../../shared/domain/unchanged.ts';
import { ForebayError } from '../../../shared/errors.ts';
import type { LaneInput } from '../messages.ts';

/** Throws the error UNCHANGED if the row need not be computed. */
export function checkContent(row: LaneInput, bytes: Uint8Array): void {
  if (!('path' in row) || row.known === undefined) return;
  row.digest ??= contentVersion(bytes);
  if (row.digest === row.known) throw new ForebayError(UNCHANGED.code, UNCHANGED.message);
}
