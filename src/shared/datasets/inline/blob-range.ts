/** The bytes of an inline row, as a range of the dataset's blob file. */
import type { RowRef } from '../../domain/row.ts';
import { InvariantError } from '../../errors.ts';
import type { RowLocation } from '../source.ts';

/** The `RowRef.at` of a range. */
export function blobAt(offset: number, length: number): string {
  return `${offset}+${length}`;
}

export function locateBlob(path: string, { at }: RowRef): RowLocation {
  const [, offset, length] = /^(\d+)\+(\d+)$/.exec(at ?? '') ?? [];
  if (offset === undefined || length === undefined) throw new InvariantError(`inline row at "${at}"`);
  return { kind: 'blob', path, offset: Number(offset), length: Number(length) };
}
