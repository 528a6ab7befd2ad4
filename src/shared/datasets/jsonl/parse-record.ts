/** A record: one JSON object, which is one row. `id` names the row. The other fields feed the model's task. */
import { isUtf8 } from 'node:buffer';
import { MAX_RECORD_BYTES } from './record-lines.ts';

export type ParsedRecord =
  | {
      readonly ok: true;
      /** Null if it has none. */
      readonly id: string | null;
      readonly json: string;
      readonly fields: Readonly<Record<string, unknown>>;
    }
  /** `id`: null if it cannot be read. `why`: a sentence without a full stop. */
  | { readonly ok: false; readonly id: null; readonly why: string };

/** Results and errors repeat the id, so it must not be long. */
const MAX_ID_CHARS = 1024;

/** `bytes`: null for a line that is too long. `where` names the record, such as "line 12". */
export function parseRecord(bytes: Buffer | null, where: string): ParsedRecord {
  const bad = (why: string) => ({ ok: false, id: null, why: `${where} ${why}` }) as const;
  if (bytes === null) return bad(`is longer than ${MAX_RECORD_BYTES / 2 ** 20} MB`);
  if (!isUtf8(bytes)) return bad('is not valid UTF-8');
  const json = bytes.toString('utf8');
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
    return bad(`has an "id" of ${name.length} characters; at most ${MAX_ID_CHARS}`);
  return { ok: true, id: name, json, fields };
}
