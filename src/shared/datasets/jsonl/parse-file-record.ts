/**
 * Reads a record that holds a file in base64. To make a text of the line, parse it, check the base64 and decode it takes
 * ten times as long. So the file is decoded where it lies, and the line is parsed without it.
 */
import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { Columns } from '../../domain/columns.ts';
import { QUOTE } from '../../text/json-scan.ts';
import { encodedFile } from '../embedded-file.ts';
import type { RowRecord } from '../slice-rows.ts';
import { parseRecord } from './parse-record.ts';

/** In shorter lines there is little to gain. It is also longer than any id or column name. */
const LEAST_BYTES = 4096;

/** Stands for the file. No record can hold it, because nobody knows it. */
const MARK = randomUUID();

/**
 * `field`: the one that may hold a file. Null: there is none. Returns null if only parseRecord can read the record, for
 * example because it is unusual or bad. The `json` of the record is empty.
 */
export function parseFileRecord(
  line: Buffer,
  where: string,
  field: string | null,
  columns: Columns | null,
): RowRecord | null {
  if (field === null) return null;
  // A string of more than half of the line covers its middle.
  const middle = line.length >> 1;
  const start = line.lastIndexOf(QUOTE, middle) + 1;
  const end = line.indexOf(QUOTE, middle);
  if (start === 0 || end - start < LEAST_BYTES) return null;
  const file = encodedFile(line.subarray(start, end));
  if (file === null) return null;
  const before = line.subarray(0, start);
  const after = line.subarray(end);
  if (!isUtf8(before) || !isUtf8(after)) return null;
  // Base64 has neither quotes nor backslashes. So if this is JSON and the field is the mark, the line is the same JSON
  // with the file in its place.
  const text = before.toString('utf8') + MARK + after.toString('utf8');
  const record = parseRecord({ ok: true, text }, where, columns);
  if (!record.ok || record.fields[field] !== MARK || record.id === MARK) return null;
  return { ok: true, id: record.id, json: '', fields: { ...record.fields, [field]: file } };
}
