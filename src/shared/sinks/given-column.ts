/** The column that the name of a folder gives to the rows of its files. */
import type { ResultColumn } from '../domain/job/part-format.ts';
import type { GivenColumn } from './sink.ts';

/** `value`: as the manifest has it. Null: null or the empty text. */
export function givenColumn({ name, type }: ResultColumn, value: string | null): GivenColumn {
  // In a cell, text is a JSON string. The manifest has other values in the form that they have in JSON.
  const isText = type === 'string' && value !== null;
  return { column: name, value: isText ? JSON.stringify(value) : value };
}
