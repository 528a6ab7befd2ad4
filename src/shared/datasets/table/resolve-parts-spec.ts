/**
 * Makes the spec of a table in several files from the first file that has rows, and from what a request says about
 * it.
 */
import type { PartsSpec } from '../../domain/dataset-spec.ts';
import { ForebayError } from '../../errors.ts';
import { shownPath } from '../../stores/remote-url.ts';
import type { RowFields } from '../../tasks/row-fields.ts';
import { pathBelow } from '../base-path.ts';
import { withHead, type ByteFiles } from '../bytes/byte-file.ts';
import { explainEmpty } from '../listing/explain-empty.ts';
import { listParts, partFiles, type ListFiles, type PartPlaces } from '../parts/list-parts.ts';
import { hasNoRows } from '../parts/has-no-rows.ts';
import { resolveTableSpec, type GivenTableFile } from './resolve-table-spec.ts';

export interface GivenParts extends GivenTableFile {
  readonly parts: PartsSpec['parts'];
}

/** Files without rows before the first one with rows. More are a mistake. */
const MAX_EMPTY = 1_000;

/**
 * `fields`: what the model reads. Throws ForebayError `input_not_found` if there is no such file, and as
 * `resolveTableSpec` and reading a folder do.
 */
export async function resolvePartsSpec(
  files: ByteFiles,
  listFiles: ListFiles,
  given: GivenParts,
  fields: RowFields,
  signal: AbortSignal,
): Promise<PartsSpec> {
  const { parts, path } = given;
  let empty = 0;
  for await (const { name } of listParts(given, listFiles, null, signal)) {
    const file = pathBelow(given.base, name);
    const isEmpty = await withHead(files, file, signal, async (head) => hasNoRows(given, head));
    if (isEmpty && ++empty < MAX_EMPTY) continue;
    const { spec } = await resolveTableSpec(files, { ...given, path: file }, fields, signal, true);
    return { ...spec, path, parts };
  }
  if (empty > 0) {
    throw new ForebayError('input_unreadable', `All files of ${shownPath(path)} are empty.`);
  }
  throw await nothingThere(given, listFiles, signal);
}

async function nothingThere(
  given: PartPlaces,
  listFiles: ListFiles,
  signal: AbortSignal,
): Promise<ForebayError> {
  const { pattern } = given.parts;
  const why = pattern === null ? null : await whyNoMatch(given, pattern, listFiles, signal);
  const what =
    pattern === null
      ? `No file below ${shownPath(given.path)} has the name of a table of the type "${given.type}".`
      : `No file matches ${shownPath(given.path)}.`;
  return new ForebayError('input_not_found', why === null ? what : `${what} ${why}`);
}

async function whyNoMatch(
  given: PartPlaces,
  pattern: string,
  listFiles: ListFiles,
  signal: AbortSignal,
): Promise<string | null> {
  const { ignore_case } = given.parts;
  const all = listFiles({ ...partFiles(given), include: [] });
  return explainEmpty({ include: [pattern], exclude: [], ignore_case }, async function* (filter) {
    for await (const { row } of all.read(null, signal)) if (filter.file(row.id)) yield row;
  });
}
