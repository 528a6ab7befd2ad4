/** The type of a column of JSON values. The first rows decide, so that all parts of an output have the same type. */
import type { ValueType } from '../../domain/job/part-format.ts';

/** Beyond this, a whole number does not fit into 64 bits. */
const MOST_INT64 = 2 ** 63;

/** `values`: without nulls. Values of several types, and lists and objects, are JSON. */
export function commonType(values: readonly unknown[]): ValueType {
  if (values.length === 0) return 'json';
  if (values.every((value) => typeof value === 'string')) return 'string';
  if (values.every((value) => typeof value === 'boolean')) return 'boolean';
  if (!values.every((value) => typeof value === 'number')) return 'json';
  return values.every((value) => Number.isInteger(value) && Math.abs(value) < MOST_INT64)
    ? 'int64'
    : 'double';
}
