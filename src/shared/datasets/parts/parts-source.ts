/**
 * A table in several files as one dataset. Files are opened one after the other. Blocks may reach over several
 * files, so all of them but the last are full.
 */
import type { Cursor, PartsSpec, TableSpec } from '../../domain/dataset-spec.ts';
import type { Skipped } from '../../domain/skipped.ts';
import { pathBelow } from '../base-path.ts';
import type { ByteFile, ByteFiles } from '../bytes/byte-file.ts';
import { encodeVersions } from '../ref-text.ts';
import { invalidReason } from '../row-reference.ts';
import type { SkippedCounter } from '../skipped-counter.ts';
import type { DatasetSource, Slice } from '../source.ts';
import { hasNoRows } from './has-no-rows.ts';
import { listParts, type ListFiles, type Part } from './list-parts.ts';
import { decodePartsPosition, encodeParts, encodePartsPosition, type PartRows } from './part-ref.ts';
import { partRowName } from './part-row-name.ts';
import { tableOfPart } from './part-table.ts';

/** The rows of one file. */
export type PartSource = Pick<DatasetSource, 'read' | 'count'> & Required<Pick<DatasetSource, 'slices'>>;

export interface PartsSourceOptions {
  readonly files: ByteFiles;
  readonly listFiles: ListFiles;
  /** Opens one file. `nameOf`: names a row that the file does not name, by its position in the file. */
  readonly openTable: (table: TableSpec, files: ByteFiles, nameOf: (row: number) => string) => PartSource;
}

interface OpenPart extends Part {
  readonly source: PartSource;
  /** Where the file continues. Null: at its beginning. */
  readonly from: Pick<Cursor, 'index' | 'at'> | null;
  /** What was left out before the file. */
  readonly skipped: Skipped | null;
}

export function createPartsSource(
  spec: PartsSpec,
  { files, listFiles, openTable }: PartsSourceOptions,
): Omit<DatasetSource, 'names'> {
  async function* openParts(
    from: Cursor | null,
    signal: AbortSignal,
    skipped?: SkippedCounter,
  ): AsyncGenerator<OpenPart> {
    const position = from === null || from.index === 0 ? null : decodePartsPosition(from.at);
    if (position !== null) yield* opened(position, position.inside);
    for await (const part of listParts(spec, listFiles, position?.listed ?? null, signal, skipped)) {
      yield* opened(part, null);
    }

    async function* opened({ name, listed }: Part, inside: OpenPart['from']): AsyncGenerator<OpenPart> {
      signal.throwIfAborted();
      const path = pathBelow(spec.base, name);
      const file = await files.open(path, signal);
      try {
        if (hasNoRows(spec, file)) return;
        const table = await tableOfPart(spec, path, file, signal);
        const source = openTable(table, lent(file), partRowName(name));
        yield { name, listed, source, from: inside, skipped: skipped?.total() ?? null };
      } finally {
        await file.close();
      }
    }
  }

  return {
    async *read(from, signal, skipped) {
      let index = from?.index ?? 0;
      for await (const { name, listed, source, from: inside } of openParts(from, signal, skipped)) {
        for await (const { row, cursor } of source.read(inside, signal)) {
          const isBad = invalidReason(row) !== null;
          const at = isBad
            ? row.at
            : encodeParts([{ name, ref: row.at ?? '', first: cursor.index - 1, count: 1 }]);
          const position = encodePartsPosition({ name, listed, inside: cursor });
          yield { row: { ...row, at }, cursor: { index: ++index, at: position } };
        }
      }
    },

    async count(limit, signal) {
      let rows = 0;
      if (limit <= 0) return 0;
      for await (const { source } of openParts(null, signal)) {
        rows += await source.count(limit - rows, signal);
        if (rows >= limit) break;
      }
      return rows;
    },

    async *slices(from, sizeAt, signal, skipped): AsyncGenerator<Slice> {
      let open = createOpenSlice(from?.index ?? 0, sizeAt);
      for await (const part of openParts(from, signal, skipped)) {
        if (open.size <= 0) return;
        const start = part.from?.index ?? 0;
        /** The index in the dataset of the file's row 0. */
        const offset = open.firstRow + open.rows - start;
        const left = open.size - open.rows;
        // The first slice of a file fills the open one.
        const sizeIn = (row: number) => (row === start ? left : sizeAt(offset + row));
        for await (const slice of part.source.slices(part.from, sizeIn, signal)) {
          open.add(part, slice);
          if (open.rows < open.size) continue;
          yield open.slice();
          open = createOpenSlice(open.firstRow + open.rows, sizeAt);
        }
      }
      if (open.rows > 0) yield open.slice();
    },
  };
}

/** The file for a reader that opens and closes it. */
function lent(file: ByteFile): ByteFiles {
  const open = async () => ({ ...file, close: async () => {} });
  return { open, openHead: open };
}

/** Collects rows until the slice is full. */
function createOpenSlice(firstRow: number, sizeAt: (row: number) => number) {
  const parts: PartRows[] = [];
  const versions: string[] = [];
  let rows = 0;
  let cursor: Cursor | null = null;
  return {
    firstRow,
    size: sizeAt(firstRow),
    get rows() {
      return rows;
    },
    add(
      { name, listed, skipped }: OpenPart,
      { ref, check, firstRow: first, rows: count, cursor: inside }: Slice,
    ) {
      parts.push({ name, ref, first, count });
      versions.push(check);
      rows += count;
      const hasSkipped = skipped !== null && Object.keys(skipped).length > 0;
      cursor = {
        index: firstRow + rows,
        at: encodePartsPosition({ name, listed, inside }),
        ...(hasSkipped && { skipped }),
      };
    },
    slice: (): Slice => ({
      firstRow,
      rows,
      ref: encodeParts(parts),
      check: encodeVersions(versions),
      cursor: cursor!,
    }),
  };
}
