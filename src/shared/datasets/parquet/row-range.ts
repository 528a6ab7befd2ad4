/** A range of rows as text: the reference of a slice, `first+count`. */
import { InvariantError } from '../../errors.ts';

export interface RowRange {
  readonly first: number;
  readonly count: number;
}

export function encodeRows({ first, count }: RowRange): string {
  return `${first}+${count}`;
}

export function decodeRows(ref: string): RowRange {
  const [, first, count] = /^(\d+)\+(\d+)$/.exec(ref) ?? [];
  if (first === undefined) throw new InvariantError(`a slice of a Parquet file is "${ref}"`);
  return { first: Number(first), count: Number(count) };
}
