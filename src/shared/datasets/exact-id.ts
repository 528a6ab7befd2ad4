/** Ids that are whole numbers of any size, as other systems use them. JSON.parse may round those above 2^53. */
import { rawFields } from '../text/raw-fields.ts';

/** `id`: the parsed value of the field `name` of the record `json`. Returns the digits if the value was rounded. */
export function exactId(id: unknown, json: string, name: string): unknown {
  if (!Number.isInteger(id) || Number.isSafeInteger(id)) return id;
  const digits = rawFields(json).get(name);
  return digits !== undefined && /^-?\d+$/.test(digits) ? digits : id;
}
