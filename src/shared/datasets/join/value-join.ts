/** The joined values of rows whose columns are JavaScript values. */
import type { Fields } from '../../domain/columns.ts';
import type { Join } from '../../domain/join.ts';
import { joinedRecord } from './joined-record.ts';

/**
 * Returns what joinedRecord does. Bytes become base64. `exact`: the JSON of columns whose values have lost digits. It
 * takes the place of these values.
 */
export function joinedOfValues(values: Fields, join: Join, exact?: ReadonlyMap<string, string>): string {
  return joinedRecord(
    join,
    (column) => exact?.get(column) ?? (Object.hasOwn(values, column) ? jsonOf(values[column]) : 'null'),
  );
}

function jsonOf(value: unknown): string {
  if (value instanceof Uint8Array) {
    return `"${Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64')}"`;
  }
  return JSON.stringify(value) ?? 'null';
}
