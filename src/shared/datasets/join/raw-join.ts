/** The joined values of rows that are JSON. They are copied as they are written, so that long numbers stay exact. */
import type { Join } from '../../domain/join.ts';
import { rawFieldsOrNull } from '../../text/raw-fields.ts';

/** `text`: a record. Returns a JSON object with the names of the output, or nothing if the text is no record. */
export function joinedOfJson(text: string, join: Join): string {
  // Only the lane reads most records, and it looks at no fields that the model does not need.
  const fields = rawFieldsOrNull(text);
  if (fields === null) return '';
  const members = join.map(({ column, name }) => `${JSON.stringify(name)}:${fields.get(column) ?? 'null'}`);
  return `{${members.join(',')}}`;
}
