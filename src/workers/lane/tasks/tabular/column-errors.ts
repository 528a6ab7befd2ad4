/** What is wrong with a value of a record, for the person who wrote the record. */
import type { RowError } from '../../../../shared/domain/row.ts';
import { invalidRow, type Fields } from '../record.ts';
import type { ReadColumn } from './column-reader.ts';

const LONGEST_VALUE = 60;

/** Whether the record has no value for this field. Every object inherits names such as "constructor". */
export function isMissing(record: Fields, field: string): boolean {
  return record[field] === null || !Object.hasOwn(record, field);
}

/** `needs`: what the field must hold, such as "a number". */
export function missingValue(column: ReadColumn, record: Fields, needs: string): RowError {
  const { field } = column;
  const what = Object.hasOwn(record, field) ? 'is null' : 'is missing';
  const rules = rulesFor(needs);
  const advice = rules === null ? '' : `, or set "missing" of the column in model.json to ${rules}`;
  return invalidRow(`${nameOf(column)} ${what}: the field "${field}" must hold ${needs}${advice}`);
}

/** The rules for missing values. Strings have none, and only floats can be NaN. */
function rulesFor(needs: string): string | null {
  if (needs === TEXT) return null;
  return needs === NUMBER ? '"zero", "mean" or "nan"' : '"zero" or "mean"';
}

export function wrongValue(column: ReadColumn, value: unknown, needs: string): RowError {
  return invalidRow(`${nameOf(column)} is ${inWords(value)}, but takes ${needs}${adviceOn(value, needs)}`);
}

/** The model would see only the text before this character. */
export function nulCharacter(column: ReadColumn): RowError {
  return invalidRow(
    `${nameOf(column)} holds the character U+0000, at which onnxruntime ends a string: remove it from the text`,
  );
}

/** What a column of floats needs, in errors that are not about the size of a number. */
export const NUMBER = 'a number';
/** What a column of strings needs. */
export const TEXT = 'a string';

/** What Number takes, too, such as +7 or 0x10, is text in CSV. */
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

function nameOf({ name, field }: ReadColumn): string {
  return name === field ? `column "${name}"` : `column "${name}" (field "${field}")`;
}

function inWords(value: unknown): string {
  if (typeof value === 'string') return `the string ${shortened(JSON.stringify(value))}`;
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `${value as number | boolean}`;
}

function adviceOn(value: unknown, needs: string): string {
  const isPlain = typeof value === 'number' || typeof value === 'boolean';
  if (needs === TEXT) return isPlain ? `: write "${value}"` : '';
  if (typeof value !== 'string' || value.trim() === '' || !Number.isFinite(Number(value))) return '';
  return JSON_NUMBER.test(value.trim())
    ? ': write the number without quotes'
    : ': write the number as JSON does, such as 7 or 0.5 for +7, 007 or .5';
}

function shortened(text: string): string {
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE)}..."`;
}
