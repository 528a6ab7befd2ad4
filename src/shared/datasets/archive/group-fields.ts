/** The fields of a row that is a group of members: each member under its extension, and the fields of JSON members. */
import { isUtf8 } from 'node:buffer';
import { mapColumns, type Columns, type Fields } from '../../domain/columns.ts';
import type { ArchiveSpec } from '../../domain/dataset-spec.ts';
import { nestsDeeper } from '../../text/json-scan.ts';
import { IS_BEYOND_DOUBLE, lostNumber } from '../../text/lost-number.ts';
import { IS_TOO_DEEP, MAX_RECORD_DEPTH } from '../max-record-bytes.ts';
import type { Part } from './cut-rows.ts';
import { unreadable, type RowProblem } from './entry.ts';
import { createExactValues, type ExactValues } from './exact-values.ts';
import type { MemberBytes } from './read-member.ts';
import { isJsonObject } from '../../text/is-json-object.ts';

/** Null: the row does not need it. */
export type GroupPart = Part<MemberBytes | null>;

export type GroupFields =
  /**
   * `columns`: the same under their own names. Null: the row does not need the member. `exact`: see ExactValues. Absent: no
   * columns are joined.
   */
  | {
      readonly ok: true;
      readonly fields: Fields;
      readonly columns: Fields;
      readonly exact: ExactValues | undefined;
    }
  | { readonly ok: false; readonly problem: RowProblem };

/** Extensions that feed a field, best first, unless `columns` names another one. */
const FEEDS: Readonly<Record<string, readonly string[]>> = {
  image: ['jpg', 'jpeg', 'png', 'webp', 'gif', 'tif', 'tiff', 'avif', 'heic', 'heif'],
  audio: ['wav', 'flac'],
  text: ['txt', 'text', 'transcript', 'caption'],
  label: ['cls', 'class', 'cls2'],
};

const JSON_NAMES: ReadonlySet<string> = new Set(['json', 'jsn']);
const NUMBER_NAMES: ReadonlySet<string> = new Set(['cls', 'cls2', 'class', 'count', 'index', 'inx', 'id']);
const TEXT_NAMES: ReadonlySet<string> = new Set(FEEDS['text']);

/** Whether a row needs the bytes of the member with this extension. Others are never unpacked. */
export function createWants({
  reads,
  columns,
  join = [],
}: Pick<ArchiveSpec, 'reads' | 'columns' | 'join'>): (field: string) => boolean {
  const named = new Set([...Object.values(columns ?? {}), ...join.map(({ column }) => column)]);
  const feeds = new Set(reads === 'record' || columns?.[reads] !== undefined ? [] : FEEDS[reads]);
  return (field) => named.has(field) || feeds.has(field) || isDecoded(field);
}

/** All columns that a row offers. Null: a member cannot be read. */
export function columnsOf(parts: readonly GroupPart[]): readonly string[] | null {
  const names = parts.map(({ field }) => field);
  for (const { field, value } of parts) {
    if (!JSON_NAMES.has(lastOf(field)) || value === null) continue;
    const decoded = value.ok ? decode(field, value.bytes) : null;
    if (decoded?.ok !== true) return null;
    if (isJsonObject(decoded.value)) names.push(...Object.keys(decoded.value));
  }
  return names;
}

/** `parts`: of one row. */
export function groupFields(
  parts: readonly GroupPart[],
  { reads, columns, join }: Pick<ArchiveSpec, 'reads' | 'columns' | 'join'>,
): GroupFields {
  let fromJson: Fields = {};
  const members: Record<string, unknown> = {};
  const exact = join === undefined ? null : createExactValues();
  for (const { field, value } of parts) {
    if (value === null) continue;
    if (!value.ok) return bad({ ...value.problem, why: `the member "${field}" ${value.problem.why}` });
    const decoded = decode(field, value.bytes);
    if (!decoded.ok) return bad(unreadable(`the member "${field}" ${decoded.why}`));
    if (JSON_NAMES.has(lastOf(field)) && isJsonObject(decoded.value))
      fromJson = { ...fromJson, ...decoded.value };
    members[field] = decoded.value;
    exact?.add(field, decoded.text ?? '', decoded.value);
  }
  const { id: _, ...others } = fromJson;
  const values: Fields = { ...others, ...members };
  const fields = columns === undefined ? values : mapColumns(values, columns);
  const fed = Object.entries(FEEDS).flatMap(([field, names]) => {
    if (columns?.[field] !== undefined || Object.hasOwn(members, field)) return [];
    const name = names.find((extension) => Object.hasOwn(members, extension));
    return name === undefined ? [] : [[field, members[name]] as const];
  });
  const all = { ...fields, ...Object.fromEntries(fed) };
  const missing = missingField(parts, all, { reads, columns });
  return missing === null
    ? { ok: true, fields: all, columns: { ...unread(parts), ...values }, exact: exact?.all() }
    : bad(missing);
}

/** `tar` packs the files of a folder in the order in which the disk has them. */
const PACKED_BY_NAME =
  'Members of a group must follow each other: if the others come later, pack the files by name (tar --sort=name)';

function unread(parts: readonly GroupPart[]): Fields {
  return Object.fromEntries(parts.flatMap(({ field, value }) => (value === null ? [[field, null]] : [])));
}

function missingField(
  parts: readonly GroupPart[],
  fields: Fields,
  { reads, columns }: { readonly reads: ArchiveSpec['reads']; readonly columns: Columns | undefined },
): RowProblem | null {
  if (reads !== 'image' || fields['image'] !== undefined) return null;
  const names = parts.map(({ field }) => `"${field}"`).join(', ');
  const wanted = columns?.['image'];
  const what = `the group has no ${wanted === undefined ? 'image' : `"${wanted}"`}. Its members are ${names}`;
  const another =
    wanted === undefined ? '. If one of them is the image, name it, as in "columns": {"image": "jpg"}' : '';
  return { code: 'invalid_row', why: `${what}${another}. ${PACKED_BY_NAME}` };
}

function bad(problem: RowProblem): GroupFields {
  return { ok: false, problem };
}

/** `seg.json` is JSON, too. */
function lastOf(field: string): string {
  return field.slice(field.lastIndexOf('.') + 1);
}

/** Whether a member with this extension holds values: text, numbers or JSON. */
export function isDecoded(field: string): boolean {
  const name = lastOf(field);
  return JSON_NAMES.has(name) || NUMBER_NAMES.has(name) || TEXT_NAMES.has(name);
}

/** `text`: of a number or of JSON. */
type Decoded =
  | { readonly ok: true; readonly value: unknown; readonly text?: string }
  | { readonly ok: false; readonly why: string };

/** Everything that is not a value stays bytes. */
function decode(field: string, bytes: Uint8Array): Decoded {
  const name = lastOf(field);
  if (!isDecoded(field)) return { ok: true, value: bytes };
  if (!isUtf8(bytes)) return { ok: false, why: 'is not valid UTF-8' };
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  if (TEXT_NAMES.has(name)) return { ok: true, value: text };
  if (NUMBER_NAMES.has(name)) {
    const number = Number(text.trim());
    return { ok: true, text, value: text.trim() !== '' && Number.isFinite(number) ? number : text.trim() };
  }
  try {
    const value: unknown = JSON.parse(text);
    if (nestsDeeper(text, MAX_RECORD_DEPTH)) return { ok: false, why: IS_TOO_DEEP };
    const lost = lostNumber(value);
    if (lost === null) return { ok: true, value, text };
    return { ok: false, why: `has "${lost}", which ${IS_BEYOND_DOUBLE}` };
  } catch (error) {
    return { ok: false, why: `is not JSON (${(error as Error).message})` };
  }
}
