/** The text of a row: a field of a record, or the content of a file. */
import type { RowError } from '../../../shared/domain/row.ts';
import { invalidRow, readRecord } from '../tasks/record.ts';

export interface RowText {
  readonly text: string;
  /** The second text of a pair. */
  readonly pair: string | null;
}

export type RowTextReading =
  | { readonly ok: true; readonly row: RowText }
  | { readonly ok: false; readonly error: RowError };

/** `pairs`: whether the task takes a second text. */
export function textOfRecord(json: string, pairs: boolean): RowTextReading {
  const record = readRecord(json);
  if (!record.ok) return record;
  const { text, text_pair: pair = null } = record.fields;
  if (typeof text !== 'string') return { ok: false, error: notText('text', text) };
  if (!pairs || pair === null) return { ok: true, row: { text, pair: null } };
  if (typeof pair !== 'string') return { ok: false, error: notText('text_pair', pair) };
  return { ok: true, row: { text, pair } };
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

export function textOfFile(bytes: Uint8Array): RowTextReading {
  try {
    return { ok: true, row: { text: UTF8.decode(bytes), pair: null } };
  } catch {
    const message = 'the file is not text in UTF-8: save it as UTF-8, or leave it out';
    return { ok: false, error: { code: 'decode_failed', message } };
  }
}

function notText(field: string, value: unknown): RowError {
  if (value === undefined) return invalidRow(`the record has no field "${field}", which holds the text`);
  return invalidRow(`the field "${field}" is ${kindOf(value)}, and must be text (a JSON string)`);
}

/** What a value is that is no text, for messages. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : (KINDS[typeof value] ?? typeof value);
}

const KINDS: Readonly<Record<string, string>> = {
  number: 'a number',
  boolean: 'true or false',
  object: 'an object',
};
