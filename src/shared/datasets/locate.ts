/** Resolves the reference of a row to the location of its bytes, for every format. Touches no file and no network. */
import type { DatasetSpec, ManifestSpec } from '../domain/dataset-spec.ts';
import type { RowRef } from '../domain/row.ts';
import { locateFile } from './locate-file.ts';
import { locateBlob } from './inline/blob-range.ts';
import { locateEntry } from './manifest/locate-entry.ts';
import { invalidReason } from './row-reference.ts';
import type { RowLocation } from './source.ts';
import { isObjectUrl } from '../stores/object-url.ts';
import { locateObject, locateUrl } from './locate-url.ts';

/** What the URLs of all rows begin with. */
function prefixOf({ list }: ManifestSpec): string {
  return list?.format === 'sagemaker' ? list.prefix : '';
}

export function locateRow(spec: DatasetSpec, ref: RowRef): RowLocation {
  const reason = invalidReason(ref);
  if (reason !== null) return { kind: 'invalid', reason };
  switch (spec.type) {
    case 'files':
      return isObjectUrl(spec.root)
        ? locateObject(spec.root + ref.id, ref.at)
        : locateFile(spec.root, ref.id);
    case 'urls':
      return locateUrl(ref.id);
    case 'inline':
      return locateBlob(spec.blob, ref);
    case 'manifest':
      return locateEntry(spec.base, prefixOf(spec) + (ref.at ?? ref.id));
    case 'jsonl':
    case 'csv':
    case 'parquet':
      return { kind: 'table_row', table: spec, ref: ref.at ?? '' };
    case 'archive':
      return { kind: 'archive_row', archive: spec, ref: ref.at ?? '' };
    case 'failed':
      return locateRow(spec.of, ref);
  }
}
