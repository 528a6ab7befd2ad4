/** Values of CSV. Lines end with LF. A value is quoted if it needs quotes (RFC 4180). Null is an empty value. */
import type { ResultColumn, ValueType } from '../../domain/job/part-format.ts';
import type { Cell } from '../table/cells.ts';
import { isLenient, unfit } from '../table/encode-rows.ts';
import { NOT_FINITE, WHOLE } from '../table/json-numbers.ts';

const NEEDS_QUOTES = /[",\r\n]/;
const NUMBER = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;

/**
 * Empty text is quoted, to distinguish it from null. So is text with a space at an end, because some readers remove the
 * space.
 */
export function quoted(text: string): string {
  const isPlain = text !== '' && !NEEDS_QUOTES.test(text) && text.trim().length === text.length;
  return isPlain ? text : `"${text.replaceAll('"', '""')}"`;
}

/** What the text of a value must look like. */
function formOf(type: ValueType): 'boolean' | 'whole' | 'number' | 'text' | 'json' {
  switch (type) {
    case 'boolean':
      return type;
    case 'int32':
    case 'int64':
      return 'whole';
    case 'float':
    case 'double':
      return 'number';
    case 'string':
    case 'bytes':
    case 'date':
    case 'timestamp_ms':
    case 'timestamp_us':
    case 'timestamp_ns':
    case 'local_timestamp_ms':
    case 'local_timestamp_us':
    case 'local_timestamp_ns':
      return 'text';
    case 'json':
    default:
      return 'json';
  }
}

/** Throws UnfitValue if a single value does not have its column's type. Nested values stay JSON. */
export function cellText(column: ResultColumn, cell: Cell): string {
  if (cell === null) return '';
  switch (formOf(column.type)) {
    case 'boolean':
      if (cell === 'true' || cell === 'false') return cell;
      break;
    case 'whole':
      if (WHOLE.test(cell)) return cell;
      break;
    case 'number':
      if (NUMBER.test(cell)) return cell;
      if (cell.startsWith('"') && cell.endsWith('"') && NOT_FINITE.has(cell.slice(1, -1)))
        return cell.slice(1, -1);
      break;
    case 'text':
      if (cell.startsWith('"')) return quoted(JSON.parse(cell) as string);
      if (isLenient(column)) return quoted(cell);
      break;
    case 'json':
      return quoted(cell);
  }
  throw unfit(column, cell);
}

/** The reverse of `cellText`. Null if `cellText` never writes this text. */
export function cellOf({ type }: ResultColumn, text: string): Cell {
  switch (formOf(type)) {
    case 'boolean':
      return text === 'true' || text === 'false' ? text : null;
    case 'whole':
      return WHOLE.test(text) ? text : null;
    case 'number':
      if (NUMBER.test(text)) return text;
      return NOT_FINITE.has(text) ? `"${text}"` : null;
    case 'text':
      return JSON.stringify(text);
    case 'json':
      return isJson(text) ? text : null;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
