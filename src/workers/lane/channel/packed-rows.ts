/** The rows of a batch on their way to a lane. Records travel as one piece of bytes, and files as one text. */
import { ColumnRows } from '../../../shared/domain/column-rows.ts';
import { PackedRecords } from '../../../shared/domain/packed-records.ts';
import type { LaneRows } from '../lane-rows.ts';
import type { LaneInput } from '../messages.ts';
import { packPiece, unpackPiece, type PackedPiece } from './packed-columns.ts';
import { packTexts, unpackTexts, type PackedTexts } from './packed-texts.ts';

export type PackedRows =
  | { readonly is: 'records'; readonly bytes: Buffer; readonly ends: Uint32Array }
  | { readonly is: 'columns'; readonly pieces: readonly PackedPiece[] }
  | { readonly is: 'files'; readonly paths: PackedTexts; readonly tenant: string }
  | { readonly is: 'rows'; readonly rows: readonly LaneInput[] };

export function packRows(rows: LaneRows): PackedRows {
  if (rows instanceof PackedRecords) return packRecords(rows);
  if (rows instanceof ColumnRows) return { is: 'columns', pieces: rows.pieces.map(packPiece) };
  const texts = textsOf(rows);
  if (texts !== null) return packRecords(PackedRecords.of(texts));
  return packFiles(rows) ?? { is: 'rows', rows };
}

export function unpackRows(packed: PackedRows): LaneRows {
  switch (packed.is) {
    case 'records':
      return new PackedRecords(packed.bytes, packed.ends);
    case 'columns':
      return new ColumnRows(packed.pieces.map(unpackPiece));
    case 'files': {
      const { tenant } = packed;
      return unpackTexts(packed.paths, (path) => ({ path, tenant }));
    }
    case 'rows':
      return packed.rows;
  }
}

/** The buffer may hold many more records. Only the bytes of these are sent. */
function packRecords(records: PackedRecords): PackedRows {
  const { start, ends } = records;
  const own = start === 0 ? ends : ends.map((end) => end - start);
  return { is: 'records', bytes: records.own(), ends: own };
}

/** Null unless all rows are records. */
function textsOf(rows: readonly LaneInput[]): string[] | null {
  const texts: string[] = [];
  for (const row of rows) {
    if (!('json' in row)) return null;
    texts.push(row.json);
  }
  return texts.length === 0 ? null : texts;
}

/** Null unless all rows are files of one tenant, and nothing more. */
function packFiles(rows: readonly LaneInput[]): PackedRows | null {
  const paths: string[] = [];
  let tenant: string | null = null;
  for (const row of rows) {
    if (!('path' in row) || row.known !== undefined) return null;
    tenant ??= row.tenant;
    if (row.tenant !== tenant) return null;
    paths.push(row.path);
  }
  return tenant === null ? null : { is: 'files', paths: packTexts(paths), tenant };
}
