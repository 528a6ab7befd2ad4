/** Makes the spec of archives from their first members, and from what a request says about them. */
import type { ArchiveSpec, FilesSpec } from '../../domain/dataset-spec.ts';
import { ForebayError } from '../../errors.ts';
import { shownPath } from '../../stores/remote-url.ts';
import type { RowKind } from '../../tasks/task-description.ts';
import { HEAD_BYTES, withHead, type ByteFile, type ByteFiles } from '../bytes/byte-file.ts';
import { listingFor } from '../listing/listing-rule.ts';
import type { DatasetSource } from '../source.ts';
import { checkColumns } from '../table/resolve-table-spec.ts';
import { entriesWithContents, findIndex, indexEntries, type ArchiveIndex } from './archive-index.ts';
import { createByteWindow } from './byte-window.ts';
import { cutRows } from './cut-rows.ts';
import type { MemberLimits } from './entry.ts';
import { columnsOf, isDecoded, type GroupPart } from './group-fields.ts';
import { createMemberRule } from './member-rule.ts';
import { readMember } from './read-member.ts';
import { listShards, shardPath, whyNoShard } from './shards.ts';

/** Archives as a request describes them. */
export type GivenArchives = Pick<ArchiveSpec, 'path' | 'base' | 'shards' | 'columns' | 'ignore_case'> & {
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  /** Whether members with the same key are one row. Undefined: as the first archive looks. */
  readonly group?: boolean | undefined;
};

export interface ArchiveFiles {
  readonly files: ByteFiles;
  /** Opens a folder, for archives that a glob names. */
  readonly listFiles: (of: FilesSpec) => Pick<DatasetSource, 'read'>;
}

/** Members of the first archive that are looked at. */
const LOOKED_AT = 100;
/** How much of a compressed archive is looked at. More only if its first member is larger. */
const HEAD_SIZES = [HEAD_BYTES, 32 * HEAD_BYTES];
/** A record of more bytes is not looked into. */
const LIMITS: MemberLimits = { maxFileBytes: 16 * 1024 * 1024, maxFetchRatio: 1_000 };

/**
 * `taskInput`: what the model's task takes. Throws ForebayError `input_unreadable` for a file that is no archive,
 * `input_not_found` if there is none, `invalid_request` for columns that it does not have, and as opening the file
 * does.
 */
export async function resolveArchiveSpec(
  given: GivenArchives,
  taskInput: RowKind,
  { files, listFiles }: ArchiveFiles,
  signal: AbortSignal,
): Promise<ArchiveSpec> {
  const { path, base, shards, columns, include = [], exclude = [], ignore_case } = given;
  checkMapping(given);
  const spec = {
    type: 'archive' as const,
    path,
    base,
    ...(shards && { shards }),
    reads: taskInput === 'image' || taskInput === 'audio' ? taskInput : ('record' as const),
    include: [...include],
    exclude: [...exclude],
    ...(ignore_case && { ignore_case }),
    listing: listingFor(taskInput),
    ...(columns && { columns }),
  };
  for await (const { name } of listShards(spec, listFiles, null, signal)) {
    const path = shardPath(spec, name);
    for (const bytes of HEAD_SIZES) {
      const grouped = await withHead(
        files,
        path,
        signal,
        async (file) => lookInto(file, spec, given, signal),
        bytes,
      );
      if (grouped !== null) return { ...spec, grouped };
    }
    return { ...spec, grouped: given.group ?? columns !== undefined };
  }
  const what = `No archive matches ${shownPath(path)}.`;
  const why = await whyNoShard(spec, listFiles, signal);
  throw new ForebayError('input_not_found', why === null ? what : `${what} ${why}`);
}

/**
 * Whether members are grouped, after checking the columns. Null: the file is only a beginning, and it does not
 * tell.
 */
async function lookInto(
  file: ByteFile,
  spec: Omit<ArchiveSpec, 'grouped'>,
  { group, columns }: GivenArchives,
  signal: AbortSignal,
): Promise<boolean | null> {
  const index = await findIndex(file, signal);
  const whole = { ...spec, grouped: true };
  if (columns !== undefined && !(await checkFirst(file, index, whole, signal))) return null;
  return group ?? (columns !== undefined || sharesKeys(file, index, whole, signal));
}

function checkMapping({ columns, group }: GivenArchives): void {
  if (columns === undefined) return;
  const why =
    group === false
      ? { path: '/input/columns', message: 'columns are members of groups, so "group" cannot be false' }
      : columns['id'] === undefined
        ? null
        : {
            path: '/input/columns/id',
            message: 'the id of a row of an archive is always the name of its members',
          };
  if (why !== null) throw new ForebayError('invalid_request', `${why.message}.`, { issues: [why] });
}

/**
 * Whether the first members of a tar show that several belong to one row. Zips hold files, unless the request says
 * else. Null: the file is only a beginning, and it has only one member.
 */
async function sharesKeys(
  file: ByteFile,
  index: ArchiveIndex,
  spec: ArchiveSpec,
  signal: AbortSignal,
): Promise<boolean | null> {
  if (index.format !== 'tar') return false;
  const place = createMemberRule(spec, () => {});
  let last: { readonly key: string; readonly field: string } | null = null;
  let seen = 0;
  for await (const entries of indexEntries(file, index, signal)) {
    for (const entry of entries) {
      const placed = place(entry);
      if (placed?.kind !== 'part') continue;
      // Two members of the same name are two versions of a file, as `tar -r` adds them.
      if (placed.key === last?.key && placed.field !== last.field) return true;
      last = placed;
      if (++seen >= LOOKED_AT) return false;
    }
  }
  return file.isHead === true && seen < 2 ? null : false;
}

/**
 * Checks the columns against the first rows, until one of them has shown each column. Returns false if the file is only
 * a beginning, in which the first row may go on.
 */
async function checkFirst(
  file: ByteFile,
  index: ArchiveIndex,
  spec: ArchiveSpec,
  signal: AbortSignal,
): Promise<boolean> {
  const window = createByteWindow(file, signal);
  const rows = cutRows<GroupPart['value']>(entriesWithContents(file, index, window, signal), {
    place: createMemberRule(spec, () => {}),
    keep: async ({ field, member }) => (isDecoded(field) ? readMember(member, window, LIMITS) : null),
  });
  const wanted = Object.values(spec.columns ?? {});
  const known = new Set<string>();
  let looked = 0;
  for await (const row of wholeRows(rows, file.isHead === true)) {
    const columns = row.problem === null ? columnsOf(row.parts) : null;
    for (const column of columns ?? []) known.add(column);
    looked += 1;
    if (looked === LOOKED_AT || wanted.every((column) => known.has(column))) break;
  }
  if (looked === 0 && file.isHead === true) return index.format !== 'tar';
  if (known.size > 0) checkColumns(file.name, [...known], spec.columns ?? {}, []);
  return true;
}

/** If only the beginning of a file was read, a row is complete only once the next one has begun. */
async function* wholeRows<Row extends { readonly problem: unknown }>(
  rows: AsyncIterable<Row>,
  isHead: boolean,
): AsyncGenerator<Row> {
  let last: Row | null = null;
  for await (const row of rows) {
    if (!isHead) yield row;
    else {
      if (last !== null && row.problem === null) yield last;
      last = row;
    }
  }
}
