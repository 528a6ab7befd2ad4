/** Reads a record's fields in the lane. */
import type { RowError } from '../../../shared/domain/row.ts';
import { messageOf } from '../../../shared/errors.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** `json`: should be a JSON object, but may not have been parsed before. Anything else is an error of this row. */
export function readRecord(
  json: string,
): { readonly ok: true; readonly fields: Fields } | { readonly ok: false; readonly error: RowError } {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { ok: true, fields: value as Fields };
    }
    return { ok: false, error: invalidRow('the record is not a JSON object') };
  } catch (error) {
    return { ok: false, error: invalidRow(`the record is not JSON: ${messageOf(error)}`) };
  }
}

/** `message`: what is wrong with the row, and what would be right. */
export function invalidRow(message: string): RowError {
  return { code: 'invalid_row', message };
}
