/** Opens the dataset of a delta job: files of a folder, or objects below a prefix of S3. */
import { stat } from 'node:fs/promises';
import type { GivenDataset } from '../domain/dataset-spec.ts';
import type { Delta } from '../domain/job/delta.ts';
import type { RowRef } from '../domain/row.ts';
import { fileVersion } from '../files/file-version.ts';
import { openEarlierRows } from '../storage/earlier-rows.ts';
import type { Outputs } from '../storage/output.ts';
import { isObjectUrl } from '../stores/object-url.ts';
import { rawOf } from '../datasets/files/name-bytes.ts';
import { locateRow } from '../datasets/locate.ts';
import type { DatasetSource } from '../datasets/source.ts';
import { createDeltaSource } from './delta-source.ts';

type FilesSpec = Extract<GivenDataset, { type: 'files' }>;

export function openDelta(
  spec: FilesSpec,
  given: DatasetSource,
  delta: Delta,
  outputs: Outputs,
): DatasetSource {
  const keyOf = createKeyOf(spec);
  return createDeltaSource(given, {
    openEarlier: async (from) => openEarlierRows(outputs.of(delta.output), delta, keyOf, from),
    versionOf: (row) => versionNow(spec, row),
    keyOf,
    recompute: delta.recompute !== undefined,
  });
}

/**
 * The key by which the ids of a dataset ascend. A folder is listed name by name, so a slash comes before any character of
 * a name. A store lists whole keys.
 */
export function createKeyOf({ root }: Pick<FilesSpec, 'root'>): (id: string) => string {
  return isObjectUrl(root) ? rawOf : (id) => rawOf(id).replaceAll('/', '\0');
}

function versionNow(spec: FilesSpec, row: RowRef): string | null | Promise<string | null> {
  if (row.at !== undefined) return row.at;
  const place = locateRow(spec, row);
  if (place.kind !== 'file') return null;
  // Reading the row meets the same problem, and reports it.
  return stat(place.path).then(fileVersion, () => null);
}
