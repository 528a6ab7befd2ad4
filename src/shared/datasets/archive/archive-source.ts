/** The members of archives as rows, or groups of members. The index of an archive is walked, and no content is read. */
import type { ArchiveSpec, Cursor, FilesSpec } from '../../domain/dataset-spec.ts';
import { checkVersion, type ByteFile, type ByteFiles } from '../bytes/byte-file.ts';
import { countUpTo } from '../count-up-to.ts';
import { explainEmpty } from '../listing/explain-empty.ts';
import type { GlobFilter } from '../listing/glob-filter.ts';
import { encodeVersions } from '../ref-text.ts';
import type { SkippedCounter } from '../skipped-counter.ts';
import type { DatasetSource, Slice } from '../source.ts';
import { findIndex, indexEntries, type ArchiveIndex } from './archive-index.ts';
import { decodePosition, encodePosition, encodeSegments, type Segment } from './archive-ref.ts';
import { cutRows, type CutRow } from './cut-rows.ts';
import { createMemberRule, type MemberRules } from './member-rule.ts';
import { listShards, rowId, shardPath, type Shard } from './shards.ts';

/** A row, and the archive that it is in. */
interface Found {
  readonly row: CutRow<null>;
  readonly shard: Shard;
  readonly index: ArchiveIndex;
  readonly version: string;
}

export function createArchiveSource(
  spec: ArchiveSpec,
  files: ByteFiles,
  listFiles: (of: FilesSpec) => DatasetSource,
): DatasetSource {
  async function* walk(
    rules: MemberRules,
    from: Cursor | null,
    signal: AbortSignal,
    skipped?: SkippedCounter,
  ): AsyncGenerator<Found> {
    const position = from === null || from.index === 0 ? null : decodePosition(from.at);
    const rowsIn = async function* (shard: Shard, at: number | null, version: string | null) {
      const file = await files.open(shardPath(spec, shard.name), signal);
      try {
        if (version !== null) checkVersion(file, version);
        const index = await findIndex(file, signal);
        for await (const row of rowsOf(file, at === null ? index : { ...index, from: at })) {
          signal.throwIfAborted();
          yield { row, shard, index, version: file.version };
        }
      } finally {
        await file.close();
      }
    };
    const rowsOf = (file: ByteFile, index: ArchiveIndex) =>
      cutRows<null>(indexEntries(file, index, signal), {
        place: createMemberRule(rules, (reason, id) => skipped?.add(reason, id)),
        keep: () => null,
        ...(skipped && { skipped: () => skipped.total() }),
      });
    if (position !== null) yield* rowsIn(position.shard, position.at, position.version);
    for await (const shard of listShards(spec, listFiles, position?.shard.cursor ?? null, signal)) {
      yield* rowsIn(shard, null, null);
    }
  }

  return {
    async *read(from, signal, skipped) {
      let index = from?.index ?? 0;
      for await (const { row, shard, index: archive } of walk(spec, from, signal, skipped)) {
        const id = rowId(spec, shard.name, row.key);
        const at = encodeSegments([segmentOf(row, shard, archive)]);
        yield {
          row: { id, at },
          cursor: { index: ++index, at: encodePosition({ shard, at: row.to, version: null }) },
        };
      }
    },

    count: async (limit, signal) => countUpTo(limit, walk(spec, null, signal)),

    async *slices(from, sizeAt, signal, skipped): AsyncGenerator<Slice> {
      let open = createOpenSlice(from?.index ?? 0, sizeAt);
      for await (const found of walk(spec, from, signal, skipped)) {
        if (open.size <= 0) return;
        open.add(found);
        if (open.rows < open.size) continue;
        yield open.slice();
        open = createOpenSlice(open.firstRow + open.rows, sizeAt);
      }
      if (open.rows > 0) yield open.slice();
    },

    async whyEmpty(signal) {
      return explainEmpty(spec, (filter) => membersWith(filter, signal), 'archive');
    },
  };

  async function* membersWith(filter: GlobFilter, signal: AbortSignal): AsyncGenerator<{ id: string }> {
    const all: MemberRules = { grouped: false, listing: 3, include: [], exclude: [] };
    for await (const { row } of walk(all, null, signal)) if (filter.file(row.key)) yield { id: row.key };
  }
}

function segmentOf({ from, to }: CutRow<null>, { name }: Shard, { format, shift }: ArchiveIndex): Segment {
  return { name, format, shift, from, to };
}

/** Collects rows until the slice is full. Neighbouring rows of an archive are one segment. */
function createOpenSlice(firstRow: number, sizeAt: (row: number) => number) {
  const segments: Segment[] = [];
  const versions: string[] = [];
  let last: Found | null = null;
  let rows = 0;
  return {
    firstRow,
    size: sizeAt(firstRow),
    get rows() {
      return rows;
    },
    add(found: Found) {
      const { row, shard, index, version } = found;
      const isSame = last !== null && last.shard.cursor === shard.cursor;
      const segment = segmentOf(row, shard, index);
      if (isSame) segments.push({ ...segments.pop()!, to: segment.to });
      else {
        segments.push(segment);
        versions.push(version);
      }
      last = found;
      rows += 1;
    },
    slice(): Slice {
      const { row, shard, version } = last!;
      const cursor: Cursor = {
        index: firstRow + rows,
        at: encodePosition({ shard, at: row.to, version }),
        ...(row.skipped !== null && Object.keys(row.skipped).length > 0 && { skipped: row.skipped }),
      };
      return { firstRow, rows, ref: encodeSegments(segments), check: encodeVersions(versions), cursor };
    },
  };
}
