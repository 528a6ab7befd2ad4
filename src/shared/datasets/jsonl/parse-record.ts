/** A record: one JSON object, which is one row. `id` names the row. The other fields feed the model's task. */
import { isUtf8 } from 'node:buffer';
import type { LineText } from '../lines/lines.ts';

/** A longer line becomes an error row. It is skipped, and never held in memory. */
export const MAX_RECORD_BYTES = 16 * 1024 * 1024;

export type ParsedRecord =
  | {
      readonly ok: true;
      /** Null if the record has none. */
      readonly id: string | null;
      readonly json: string;
      readonly fields: Readonly<Record<string, unknown>>;
    }
  /** `why`: a sentence without a full stop. */
  | { readonly ok: false; readonly id: null; readonly why: string };

/** Results and errors repeat the id, so it must not be long. */
const MAX_ID_CHARS = 1024;

const PROBLEMS = {
  too_long: `is longer than ${MAX_RECORD_BYTES / 2 ** 20} MB`,
  not_utf8: 'is not valid UTF-8',
};

/** The bytes of a record as text. */
export function textOf(bytes: Uint8Array): LineText {
  return isUtf8(bytes)
    ? { ok: true, text: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8') }
    : { ok: false, problem: 'not_utf8' };
}

/** How error messages name the record of a line. */
export function placeOf(line: number): string {
  return `line ${line}`;
}

/** `where` names the record in error messages, such as `line 3`. */
export function parseRecord(line: LineText, where: string): ParsedRecord {
  const bad = (why: string) => ({ ok: false, id: null, why: `${where} ${why}` }) as const;
  if (!line.ok) return bad(PROBLEMS[line.problem]);
  const json = line.text;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    return bad(`is not JSON (${(error as Error).message})`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return bad('is not a JSON object');
  const fields = value as Readonly<Record<string, unknown>>;
  const { id } = fields;
  if (id === undefined || id === null) return { ok: true, id: null, json, fields };
  if (typeof id !== 'string' && typeof id !== 'number')
    return bad('has an "id" that is neither a string nor a number');
  const name = String(id);
  if (name.length > MAX_ID_CHARS)
    return bad(`has an "id" of ${name.length} characters, and the limit is ${MAX_ID_CHARS}`);
  return { ok: true, id: name, json, fields };
}
