/** The joined values of rows that are JSON. They are copied as they are written, so that long numbers stay exact. */
import type { Join } from '../../domain/join.ts';
import { rawFieldsOrNull } from '../../text/raw-fields.ts';
import { joinedRecord } from './joined-record.ts';

/** `text`: a record. Returns what joinedRecord does, or nothing if the text is no record. */
export function joinedOfJson(text: string, join: Join): string {
  // Only the lane reads most records, and it looks at no fields that the model does not need.
  const fields = rawFieldsOrNull(text);
  if (fields === null) return '';
  return joinedRecord(join, (column) => fields.get(column) ?? 'null');
}
