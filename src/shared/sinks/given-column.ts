/** The column that the name of a folder gives to the rows of its files. */
import type { ResultColumn } from '../domain/job/part-format.ts';
import type { GivenColumn } from './sink.ts';

/** `value`: as in the manifest. Null stands for null and for the empty text. */
export function givenColumn({ name, type }: ResultColumn, value: string | null): GivenColumn {
  // A cell holds a text as a JSON string. Other values look the same in the manifest and in JSON.
  const isText = type === 'string' && value !== null;
  return { column: name, value: isText ? JSON.stringify(value) : value };
}
