/** The joined values of rows that have no columns, but a place: a file, or a URL. */
import { givenOf, type DatasetSpec } from '../../domain/dataset-spec.ts';
import type { RowRef } from '../../domain/row.ts';
import { locateRow } from '../locate.ts';
import { joinedOfValues } from './value-join.ts';

/** The columns of such datasets. */
export const PLACE_COLUMNS: Readonly<Partial<Record<DatasetSpec['type'], readonly string[]>>> = {
  files: ['path'],
  urls: ['uri'],
  manifest: ['uri'],
};

/** A JSON object. Empty: the rows of the dataset are read for their values. */
export function joinedOfPlace(dataset: DatasetSpec, row: RowRef): string {
  const of = givenOf(dataset);
  if (of.join === undefined) return '';
  switch (of.type) {
    case 'files':
      return joinedOfValues({ path: placeOf(dataset, row) }, of.join);
    case 'urls':
      return joinedOfValues({ uri: row.id }, of.join);
    case 'manifest':
      return joinedOfValues({ uri: row.at ?? row.id }, of.join);
    case 'inline':
    case 'jsonl':
    case 'csv':
    case 'parquet':
    case 'archive':
      return '';
  }
}

function placeOf(dataset: DatasetSpec, row: RowRef): string | null {
  const place = locateRow(dataset, row);
  return place.kind === 'file' ? place.path : place.kind === 'url' ? place.url : null;
}
