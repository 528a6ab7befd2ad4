/** Turns a record into what the model's task needs: the record itself, or the file that one of its fields names. */
import { embeddedFile, EncodedFile } from '../datasets/embedded-file.ts';
import { placed, type RowRecord } from '../datasets/slice-rows.ts';
import type { RowLocation } from '../datasets/source.ts';
import { locateEntry } from '../datasets/manifest/locate-entry.ts';
import type { RowError } from '../domain/row.ts';
import type { RowKind } from '../tasks/task-description.ts';

export type RecordInput =
  | { readonly is: 'record'; readonly json: string }
  | { readonly is: 'bytes'; readonly bytes: Uint8Array }
  | { readonly is: 'elsewhere'; readonly location: RowLocation }
  | { readonly is: 'bad'; readonly error: RowError };

/** Whether `recordInput` needs the fields of records. */
export function readsFields(kind: RowKind): boolean {
  return kind === 'image' || kind === 'audio';
}

/** `base`: the absolute folder of relative paths in records. Null: the records came with the request. */
export function recordInput(record: RowRecord, kind: RowKind, base: string | null): RecordInput {
  if (!record.ok) return { is: 'bad', error: badRecord(record) };
  if (record.file !== undefined) return { is: 'bytes', bytes: record.file };
  if (!readsFields(kind)) return { is: 'record', json: record.json };
  const given = record.fields[kind];
  // The record may have the waveform itself in its other fields.
  if (kind === 'audio' && given === undefined) return { is: 'record', json: record.json };
  if (given instanceof Uint8Array) return { is: 'bytes', bytes: given };
  if (given instanceof EncodedFile) return { is: 'bytes', bytes: given.bytes };
  if (typeof given !== 'string' || given === '') {
    const wanted = `${base === null ? '' : 'a path or '}a URL, or the file itself in base64`;
    return bad(
      given === undefined
        ? `the field "${kind}" is missing: it must be ${wanted}`
        : `the field "${kind}" must be ${wanted}, not ${kindOf(given)}`,
    );
  }
  const file = embeddedFile(given);
  if (file !== null) return { is: 'bytes', bytes: file };
  if (base === null && !given.includes('://')) {
    return bad(
      `the field "${kind}" must be a URL or the file itself in base64, because records sent with a request have no folder for relative paths`,
    );
  }
  return { is: 'elsewhere', location: locateEntry(base ?? '/', given) };
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === '') return 'an empty text';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function bad(message: string): RecordInput {
  return { is: 'bad', error: { code: 'invalid_row', message } };
}

export function badRecord({ code, why }: Extract<RowRecord, { ok: false }>): RowError {
  return { code: code ?? 'invalid_row', message: why };
}

/** `place`: where the row is in its file. Undefined: its name says so. */
export function errorAt(place: string | undefined, error: RowError): RowError {
  return place === undefined ? error : { ...error, message: placed(place, error.message) };
}
