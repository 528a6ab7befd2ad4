/** A record: one JSON object, which is one row. `id` names the row. The other fields feed the model's task. */
import { isUtf8 } from 'node:buffer';
import { mapColumns, type Columns } from '../../domain/columns.ts';
import type { LineText } from '../lines/lines.ts';
import { exactId } from '../exact-id.ts';
import { IS_TOO_DEEP, IS_TOO_LONG, MAX_RECORD_DEPTH } from '../max-record-bytes.ts';
import { nestsDeeper } from '../../text/json-scan.ts';
import { IS_BEYOND_DOUBLE, lostNumber } from '../../text/lost-number.ts';
import { recordId } from '../record-id.ts';
import type { RowRecord } from '../slice-rows.ts';
import { isJsonObject } from '../../text/is-json-object.ts';

const PROBLEMS = {
  too_long: IS_TOO_LONG,
  not_utf8: 'is not valid UTF-8',
};

/** The bytes of a record as text. */
export function textOf(bytes: Uint8Array): LineText {
  return isUtf8(bytes)
    ? { ok: true, text: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8') }
    : { ok: false, problem: 'not_utf8' };
}

/** `where` names the record in error messages, such as `line 3`. `columns`: where fields have other names in the file. */
export function parseRecord(line: LineText, where: string, columns?: Columns | null): RowRecord {
  const bad = (why: string) => ({ ok: false, id: null, why: `${where} ${why}` }) as const;
  if (!line.ok) return bad(PROBLEMS[line.problem]);
  const json = line.text;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    return bad(`is not JSON (${(error as Error).message})`);
  }
  if (!isJsonObject(value)) return bad('is not a JSON object');
  // A record with columns is written as JSON again. If it nested deeper, that could overflow the stack.
  if (columns && nestsDeeper(json, MAX_RECORD_DEPTH)) return bad(IS_TOO_DEEP);
  const lost = columns ? lostNumber(value) : null;
  if (lost !== null) return bad(`has "${lost}", which ${IS_BEYOND_DOUBLE}`);
  const fields = columns ? mapColumns(value, columns) : value;
  const name = columns?.['id'] ?? 'id';
  const id = recordId(exactId(fields['id'], json, name), name);
  if (!id.ok) return bad(id.why);
  return { ok: true, id: id.id, json: columns ? JSON.stringify(fields) : json, fields };
}
