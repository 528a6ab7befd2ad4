/** An inline row, as a range of the dataset's blob file: the bytes of a file, or a record. */
import type { RowRef } from '../../domain/row.ts';
import { InvariantError } from '../../errors.ts';
import type { RowLocation } from '../source.ts';

/** The `RowRef.at` of a range. Bytes have no suffix, because versions without records read only that form. */
export function blobAt(offset: number, length: number, content: 'bytes' | 'record'): string {
  return `${offset}+${length}${content === 'record' ? ' record' : ''}`;
}

export function locateBlob(path: string, { at }: RowRef): RowLocation {
  const [, from, size, record] = /^(\d+)\+(\d+)( record)?$/.exec(at ?? '') ?? [];
  if (from === undefined || size === undefined) throw new InvariantError(`inline row at "${at}"`);
  const offset = Number(from);
  const length = Number(size);
  return record === undefined
    ? { kind: 'blob', path, offset, length }
    : { kind: 'record', path, offset, length };
}
