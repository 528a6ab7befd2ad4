/** The joined values of rows that are JSON. They are copied as they are written, so that long numbers stay exact. */
import type { Join } from '../../domain/join.ts';
import { rawFields } from '../../text/raw-fields.ts';

/** `text`: a record. Returns a JSON object with the names of the output, or nothing if the text is no record. */
export function joinedOfJson(text: string, join: Join): string {
  const fields = fieldsOf(text);
  if (fields === null) return '';
  const members = join.map(({ column, name }) => `${JSON.stringify(name)}:${fields.get(column) ?? 'null'}`);
  return `{${members.join(',')}}`;
}

/** Only the lane reads most records, and it looks at no fields that the model does not need. */
function fieldsOf(text: string): ReadonlyMap<string, string> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? rawFields(text) : null;
  } catch {
    return null;
  }
}
