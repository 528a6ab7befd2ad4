/** Opens the dataset of a delta job: files of a folder, objects below a prefix, or a dataset with slices. */
import { stat } from 'node:fs/promises';
import type { DatasetSpec, GivenDataset } from '../domain/dataset-spec.ts';
import type { Delta } from '../domain/job/delta.ts';
import type { RowRef } from '../domain/row.ts';
import { InvariantError } from '../errors.ts';
import { fileVersion } from '../files/file-version.ts';
import { BY_INDEX, openEarlierRows, type KeyOfRow } from '../storage/earlier-rows.ts';
import type { Outputs } from '../storage/output.ts';
import { isObjectUrl } from '../stores/object-url.ts';
import { rawOf } from '../datasets/files/name-bytes.ts';
import { locateRow } from '../datasets/locate.ts';
import type { DatasetSource } from '../datasets/source.ts';
import { createDeltaSource } from './delta-source.ts';
import type { IdJoinOptions } from './id-join.ts';
import { createSliceDelta, type SlicedSource } from './slice-delta-source.ts';

type FilesSpec = Extract<GivenDataset, { type: 'files' }>;

export interface DeltaPlaces {
  readonly outputs: Outputs;
  /** Where rows are sorted if their order has changed. */
  readonly sort: IdJoinOptions;
}

/** Throws InvariantError for a format that a submit refuses. */
export function openDelta(
  spec: DatasetSpec,
  given: DatasetSource,
  delta: Delta,
  { outputs, sort }: DeltaPlaces,
): DatasetSource {
  const recompute = delta.recompute !== undefined;
  const open = (keyOf: KeyOfRow, from: readonly number[] | null) =>
    openEarlierRows(outputs.of(delta.output), delta, keyOf, from, sort);
  if (spec.type === 'files') {
    const keyOf = createKeyOf(spec);
    return createDeltaSource(given, {
      openEarlier: async (from) => open(({ id }) => keyOf(id), from),
      versionOf: delta.by === 'content' ? 'by content' : (row) => versionNow(spec, row),
      keyOf,
      recompute,
    });
  }
  if (!isSliced(given)) throw new InvariantError(`a delta job over an input of type "${spec.type}"`);
  return createSliceDelta(given, { openEarlier: async (from) => open(BY_INDEX, from), sort, recompute });
}

function isSliced(source: DatasetSource): source is SlicedSource {
  return source.slices !== undefined && source.names !== undefined;
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
