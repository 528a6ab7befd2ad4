/** The rows of a batch on their way to a lane. Rows of one kind travel as one text. */
import type { LaneInput } from '../messages.ts';
import { packTexts, unpackTexts, type PackedTexts } from './packed-texts.ts';

export type PackedRows =
  | { readonly is: 'records'; readonly records: PackedTexts }
  | { readonly is: 'files'; readonly paths: PackedTexts; readonly tenant: string }
  | { readonly is: 'rows'; readonly rows: readonly LaneInput[] };

export function packRows(rows: readonly LaneInput[]): PackedRows {
  return packRecords(rows) ?? packFiles(rows) ?? { is: 'rows', rows };
}

export function unpackRows(packed: PackedRows): readonly LaneInput[] {
  switch (packed.is) {
    case 'records':
      return unpackTexts(packed.records, (json) => ({ json }));
    case 'files': {
      const { tenant } = packed;
      return unpackTexts(packed.paths, (path) => ({ path, tenant }));
    }
    case 'rows':
      return packed.rows;
  }
}

/** Null unless all rows are records. */
function packRecords(rows: readonly LaneInput[]): PackedRows | null {
  const texts: string[] = [];
  for (const row of rows) {
    if (!('json' in row)) return null;
    texts.push(row.json);
  }
  return { is: 'records', records: packTexts(texts) };
}

/** Null unless all rows are files of one tenant. */
function packFiles(rows: readonly LaneInput[]): PackedRows | null {
  const paths: string[] = [];
  let tenant: string | null = null;
  for (const row of rows) {
    if (!('path' in row)) return null;
    tenant ??= row.tenant;
    if (row.tenant !== tenant) return null;
    paths.push(row.path);
  }
  return tenant === null ? null : { is: 'files', paths: packTexts(paths), tenant };
}
