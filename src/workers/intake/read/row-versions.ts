/** The versions of records by their content: what the model's task gets of a row, and what goes to the output. */
import { contentVersion } from '../../../shared/delta/content-version.ts';
import { embeddedFile, EncodedFile } from '../../../shared/datasets/embedded-file.ts';
import type { RowRecord, SliceRows } from '../../../shared/datasets/slice-rows.ts';
import type { PackedRecords } from '../../../shared/domain/packed-records.ts';
import type { RowKind } from '../../../shared/tasks/task-description.ts';
import { readsFields } from '../../../shared/rows/record-input.ts';

/** Null: the content is not known, because the record is invalid or leads to a file elsewhere. */
export type RowVersion = string | null;

type Chunk = Pick<SliceRows, 'count' | 'packed' | 'record'>;

/** `joined`: the columns that go to the output. Null: none do. */
export function versionsOf(chunk: Chunk, kind: RowKind, joined: PackedRecords | null): RowVersion[] {
  const packed = readsFields(kind) ? null : chunk.packed;
  return Array.from({ length: chunk.count }, (_, at) => {
    const own = packed === null ? recordVersion(chunk.record(at), kind) : contentVersion(trimmed(packed, at));
    return withJoined(own, joined?.slice(at, at + 1).own() ?? null);
  });
}

export function versionOf(record: RowRecord, kind: RowKind, joined: Uint8Array | null): RowVersion {
  return withJoined(recordVersion(record, kind), joined);
}

/** What the columns that go to the output add to the version of a row. */
export function joinedSuffix(joined: Uint8Array): string {
  return `.${contentVersion(joined)}`;
}

function withJoined(own: RowVersion, joined: Uint8Array | null): RowVersion {
  return own === null || joined === null ? own : own + joinedSuffix(joined);
}

function recordVersion(record: RowRecord, kind: RowKind): RowVersion {
  if (!record.ok) return null;
  if (record.file !== undefined) return contentVersion(record.file);
  if (!readsFields(kind)) return contentVersion(record.json.trim());
  const given = record.fields[kind];
  if (kind === 'audio' && given === undefined) return contentVersion(record.json.trim());
  if (given instanceof Uint8Array) return contentVersion(given);
  if (given instanceof EncodedFile) return contentVersion(given.text);
  return typeof given === 'string' && embeddedFile(given) !== null ? contentVersion(given) : null;
}

/** Without the white space around a record, such as a line break that the last line of a file may lack. */
function trimmed(packed: PackedRecords, at: number): Uint8Array {
  const { bytes } = packed;
  let from = packed.startOf(at);
  let to = packed.ends[at]!;
  while (from < to && bytes[from]! <= SPACE) from += 1;
  while (from < to && bytes[to - 1]! <= SPACE) to -= 1;
  return bytes.subarray(from, to);
}

const SPACE = 0x20;
