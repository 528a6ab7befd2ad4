/** Resolves the reference of a listed record to its place in the file. */
import type { DatasetSpec } from '../../domain/dataset-spec.ts';
import type { RowRef } from '../../domain/row.ts';
import type { RowLocation } from '../source.ts';
import { decodeRange } from './jsonl-slice.ts';
import { placeOf } from './parse-record.ts';

export function locateRecord(
  { path, base }: Extract<DatasetSpec, { type: 'jsonl' }>,
  { at }: RowRef,
): RowLocation {
  const { from, to, line } = decodeRange(at ?? '');
  return { kind: 'record', path, offset: from, length: to - from, where: placeOf(line), base };
}
