/** Values of Parquet: from JSON, and back to JSON text. */
import type { ResultColumn, ValueType } from '../../domain/job/part-format.ts';
import { float32Text } from '../../text/float32-text.ts';
import { float64Text } from '../../text/float64-text.ts';
import type { Cell } from '../table/cells.ts';
import { dateText, daysOf, momentOf, momentText } from '../../text/moment-text.ts';
import { isLenient, unfit } from '../table/encode-rows.ts';
import { NOT_FINITE, WHOLE } from '../table/json-numbers.ts';

const LEAST_INT64 = -(2n ** 63n);
const MOST_INT64 = 2n ** 63n - 1n;

/** A value that does not have its type. */
const UNFIT = Symbol('unfit');

/** Throws UnfitValue if the value does not have its column's type. */
export function parquetValue(column: ResultColumn, cell: Cell): unknown {
  if (cell === null) return null;
  const { type } = column;
  if (type === 'json') return cell;
  // A whole number may be larger than JSON.parse can read.
  const value =
    type === 'int64' && WHOLE.test(cell) ? inRange(BigInt(cell)) : fitted(type, JSON.parse(cell) as unknown);
  if (value !== UNFIT) return value;
  if (isLenient(column)) return cell;
  throw unfit(column, cell);
}

function inRange(value: bigint): unknown {
  return value < LEAST_INT64 || value > MOST_INT64 ? UNFIT : value;
}

function fitted(type: ValueType, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (typeof type === 'string') return scalar(type, value);
  if ('list' in type) {
    if (!Array.isArray(value)) return UNFIT;
    const items = (value as unknown[]).map((item) => fitted(type.list, item));
    return items.includes(UNFIT) ? UNFIT : items;
  }
  if (typeof value !== 'object' || Array.isArray(value)) return UNFIT;
  const given = value as Readonly<Record<string, unknown>>;
  const fields = type.struct.map(({ name, type: of }) => [name, fitted(of, given[name])] as const);
  return fields.some(([, field]) => field === UNFIT) ? UNFIT : Object.fromEntries(fields);
}

function scalar(type: Extract<ValueType, string>, value: unknown): unknown {
  switch (type) {
    case 'boolean':
      return typeof value === 'boolean' ? value : UNFIT;
    case 'int32':
      return Number.isInteger(value) && (value as number) === ((value as number) | 0) ? value : UNFIT;
    case 'int64':
      if (Number.isSafeInteger(value)) return BigInt(value as number);
      // In lists, whole numbers that JSON.parse cannot read exactly are texts.
      return typeof value === 'string' && WHOLE.test(value) ? inRange(BigInt(value)) : UNFIT;
    case 'float':
    case 'double':
      return typeof value === 'number' ? value : (NOT_FINITE.get(value) ?? UNFIT);
    case 'string':
      return typeof value === 'string' ? value : UNFIT;
    case 'json':
      return JSON.stringify(value);
    case 'bytes':
      return typeof value === 'string' ? Buffer.from(value, 'base64') : UNFIT;
    case 'date':
      return (typeof value === 'string' ? daysOf(value) : null) ?? UNFIT;
    case 'timestamp_ms':
    case 'timestamp_us':
    case 'timestamp_ns':
    case 'local_timestamp_ms':
    case 'local_timestamp_us':
    case 'local_timestamp_ns':
      return (typeof value === 'string' ? momentOf(value, perSecondOf(type)) : null) ?? UNFIT;
  }
}

/** `type`: one of the timestamps. */
function perSecondOf(type: string): bigint {
  return type.endsWith('_ms') ? 1_000n : type.endsWith('_us') ? 1_000_000n : 1_000_000_000n;
}

/** The JSON text of a value as a reader of Parquet returns it. Null if it is null. Throws TypeError for another type. */
export function jsonOf(type: ValueType, value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (typeof type === 'string') return scalarJson(type, value);
  if ('list' in type) {
    if (!Array.isArray(value)) throw new TypeError('a list is missing');
    return `[${(value as unknown[]).map((item) => jsonOf(type.list, item) ?? 'null').join(',')}]`;
  }
  const given = value as Readonly<Record<string, unknown>>;
  const members = type.struct.flatMap(({ name, type: of, optional }) => {
    const text = jsonOf(of, given[name]);
    return text === null && optional ? [] : [`${JSON.stringify(name)}:${text ?? 'null'}`];
  });
  return `{${members.join(',')}}`;
}

function scalarJson(type: Extract<ValueType, string>, value: unknown): string {
  switch (type) {
    case 'boolean':
      if (typeof value === 'boolean') return String(value);
      break;
    case 'int32':
      if (typeof value === 'number') return String(value);
      break;
    case 'int64':
      if (typeof value === 'bigint') return String(value);
      break;
    case 'float':
      if (typeof value === 'number') return float32Text(value);
      break;
    case 'double':
      if (typeof value === 'number') return float64Text(value);
      break;
    case 'string':
      if (typeof value === 'string') return JSON.stringify(value);
      break;
    case 'json':
      if (typeof value !== 'string') break;
      JSON.parse(value);
      return value;
    case 'bytes':
      if (!(value instanceof Uint8Array)) break;
      return `"${Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64')}"`;
    case 'date':
      if (typeof value === 'number') return `"${dateText(value)}"`;
      break;
    case 'timestamp_ms':
    case 'timestamp_us':
    case 'timestamp_ns':
    case 'local_timestamp_ms':
    case 'local_timestamp_us':
    case 'local_timestamp_ns':
      if (typeof value !== 'bigint') break;
      return `"${momentText(value, perSecondOf(type), type.startsWith('local_') ? '' : 'Z')}"`;
  }
  throw new TypeError(`a value is not of the type ${type}`);
}
