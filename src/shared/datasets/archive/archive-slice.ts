/** The rows of a slice of archives, with the bytes of their members. */
import type { ArchiveSpec } from '../../domain/dataset-spec.ts';
import { PackedRecords } from '../../domain/packed-records.ts';
import { checkVersion, type ByteFile, type ByteFiles } from '../bytes/byte-file.ts';
import { joinedOfValues } from '../join/value-join.ts';
import { decodeVersions } from '../ref-text.ts';
import { listedRows, type FileRows, type RowRecord, type SliceRows } from '../slice-rows.ts';
import { entriesWithContents, indexEntries, READ_TOGETHER } from './archive-index.ts';
import { decodeSegments, type Segment } from './archive-ref.ts';
import { createByteWindow } from './byte-window.ts';
import { cutRows, type CutRow } from './cut-rows.ts';
import type { MemberLimits, RowProblem } from './entry.ts';
import { createWants, groupFields } from './group-fields.ts';
import { createMemberRule } from './member-rule.ts';
import { readMember, sizeProblem, type MemberBytes } from './read-member.ts';
import { rowId, shardPath } from './shards.ts';

/** Small members are cheap, but a chunk should not hold back its first row. */
const MAX_CHUNK_ROWS = 1_000;

const ignore = () => {};

export interface ArchiveSliceOptions {
  readonly files: ByteFiles;
  readonly limits: MemberLimits;
  readonly signal: AbortSignal;
}

/**
 * `check`: the versions that the archives must have. Null: any. Yields the rows in chunks. Throws as openSlice
 * does.
 */
export async function* openArchiveSlice(
  spec: ArchiveSpec,
  slice: { readonly ref: string; readonly check: string | null },
  options: ArchiveSliceOptions,
): AsyncGenerator<FileRows> {
  for await (const { segment, file } of openSegments(spec, slice, options)) {
    yield* segmentRows(spec, file, segment, options);
  }
}

/** The ids of the rows. Reads no content. */
export async function* archiveSliceIds(
  spec: ArchiveSpec,
  slice: { readonly ref: string; readonly check: string },
  options: Pick<ArchiveSliceOptions, 'files' | 'signal'>,
): AsyncGenerator<Pick<SliceRows, 'count' | 'ids'>> {
  for await (const { segment, file } of openSegments(spec, slice, options)) {
    const place = createMemberRule(spec, ignore);
    const ids: string[] = [];
    for await (const { key } of cutRows(indexEntries(file, segment, options.signal), {
      place,
      keep: () => null,
    })) {
      ids.push(rowId(spec, segment.name, key));
    }
    yield { count: ids.length, ids };
  }
}

/** Opens the archives of a slice, one at a time. */
async function* openSegments(
  spec: ArchiveSpec,
  { ref, check }: { readonly ref: string; readonly check: string | null },
  { files, signal }: Pick<ArchiveSliceOptions, 'files' | 'signal'>,
): AsyncGenerator<{ readonly segment: Segment; readonly file: ByteFile }> {
  const versions = check === null ? null : decodeVersions(check);
  for (const [i, segment] of decodeSegments(ref).entries()) {
    const file = await files.open(shardPath(spec, segment.name), signal);
    try {
      if (versions !== null) checkVersion(file, versions[i] ?? '');
      yield { segment, file };
    } finally {
      await file.close();
    }
  }
}

async function* segmentRows(
  spec: ArchiveSpec,
  file: ByteFile,
  segment: Segment,
  { limits, signal }: ArchiveSliceOptions,
): AsyncGenerator<FileRows> {
  const window = createByteWindow(file, signal);
  const wants = spec.grouped ? createWants(spec) : () => true;
  let records: RowRecord[] = [];
  let counted = 0;
  let unpacked = 0;
  /** The members of one row are in memory together. */
  let group = { key: '', bytes: 0 };
  const chunk = (): FileRows => {
    const bytes = window.loaded - counted + unpacked;
    const rows = withJoin(spec, records, { ...listedRows(records), bytes });
    records = [];
    counted = window.loaded;
    unpacked = 0;
    return rows;
  };
  const rows = cutRows<MemberBytes | null>(entriesWithContents(file, segment, window, signal), {
    place: createMemberRule(spec, ignore),
    async keep({ key, field, member }) {
      if (!wants(field)) return null;
      if (key !== group.key || !spec.grouped) group = { key, bytes: 0 };
      group.bytes += member.size;
      // A single member has its own check.
      const isTooLarge = group.bytes > member.size && group.bytes > limits.maxFileBytes;
      if (isTooLarge) return { ok: false, problem: sizeProblem(group.bytes, limits) };
      const read = await readMember(member, window, limits);
      if (read.ok && segment.format === 'zip') unpacked += read.bytes.length;
      return read;
    },
  });
  for await (const row of rows) {
    records.push(recordOf(spec, segment.name, row));
    if (window.loaded - counted + unpacked >= READ_TOGETHER || records.length >= MAX_CHUNK_ROWS)
      yield chunk();
  }
  if (records.length > 0) yield chunk();
}

function withJoin({ join }: ArchiveSpec, records: readonly RowRecord[], rows: FileRows): FileRows {
  if (join === undefined) return rows;
  const texts = () =>
    records.map((record) => (record.ok ? joinedOfValues(record.columns ?? {}, join, record.exact) : ''));
  return { ...rows, joined: () => PackedRecords.of(texts()) };
}

function recordOf(spec: ArchiveSpec, archive: string, row: CutRow<MemberBytes | null>): RowRecord {
  const id = rowId(spec, archive, row.key);
  const bad = ({ code, why }: RowProblem): RowRecord => ({ ok: false, id, code, why });
  if (row.problem !== null) return bad(row.problem);
  if (!spec.grouped) {
    const { value } = row.parts[0]!;
    const columns = spec.join && { path: row.key, archive: shardPath(spec, archive) };
    if (value!.ok) {
      return { ok: true, id, json: '', fields: {}, file: value!.bytes, ...(columns && { columns }) };
    }
    return bad({ ...value!.problem, why: `the member ${value!.problem.why}` });
  }
  const found = groupFields(row.parts, spec);
  if (!found.ok) return bad(found.problem);
  const { fields, columns, exact } = found;
  return { ok: true, id, json: spec.reads === 'image' ? '' : jsonOf(fields), fields, columns, exact };
}

/** JSON has no bytes, and a task that reads records needs none. */
function jsonOf(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(fields, (_, value: unknown) => (value instanceof Uint8Array ? undefined : value));
}

/** Reads one row, as a chunk, whatever the version of its archive. Null: there is none. Throws as openArchiveSlice does. */
export async function readArchiveRow(
  spec: ArchiveSpec,
  ref: string,
  options: ArchiveSliceOptions,
): Promise<FileRows | null> {
  for await (const chunk of openArchiveSlice(spec, { ref, check: null }, options)) return chunk;
  return null;
}
