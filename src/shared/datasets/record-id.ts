/** The id of a row from a field of its record. */

/** Results and errors repeat the id, so it must not be long. */
const MAX_ID_CHARS = 1024;

/** `why`: what is wrong with the value, as the end of a sentence about the record. */
export type RecordId =
  | { readonly ok: true; readonly id: string | null }
  | { readonly ok: false; readonly why: string };

/** `field`: the name of the field that holds the id. */
export function recordId(value: unknown, field: string): RecordId {
  if (value === undefined || value === null) return { ok: true, id: null };
  const name = field === 'id' ? 'an "id"' : `an id (${JSON.stringify(field)})`;
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') {
    return { ok: false, why: `has ${name} that is neither a string nor a number` };
  }
  const id = String(value);
  if (id.length <= MAX_ID_CHARS) return { ok: true, id };
  return {
    ok: false,
    why: `has ${name} of ${id.length} characters, and the limit is ${MAX_ID_CHARS}`,
  };
}
