/** Cells of columns that go to the output, as JSON. The counterpart of `parquetValue` of the sinks. */
import type { ValueType } from '../../../domain/job/part-format.ts';
import { float32Text } from '../../../text/float32-text.ts';
import { float64Text } from '../../../text/float64-text.ts';
import { plainOf } from '../../../text/json-writer.ts';

/** `cell`: as `cellsOf` returns it. */
export function joinedCell(type: ValueType, cell: unknown): string {
  // A whole number has all its digits here. Readers of nested values could not keep them.
  return typeof cell === 'bigint' ? String(cell) : jsonOf(type, cell);
}

function jsonOf(type: ValueType, value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof type === 'object') {
    if ('list' in type) {
      return `[${Array.from(value as ArrayLike<unknown>, (item) => jsonOf(type.list, item)).join(',')}]`;
    }
    const given = value as Readonly<Record<string, unknown>>;
    const members = type.struct.map(
      ({ name, type: of }) => `${JSON.stringify(name)}:${jsonOf(of, given[name])}`,
    );
    return `{${members.join(',')}}`;
  }
  if (typeof value === 'number') return type === 'float' ? float32Text(value) : float64Text(value);
  if (type === 'string' && value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString());
  return JSON.stringify(plainOf(value));
}
