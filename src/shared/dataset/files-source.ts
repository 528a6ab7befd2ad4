/** Files under a folder as rows: a row's id is its path relative to the root. */
import { tmpdir } from 'node:os';
import type { Cursor, DatasetSpec } from '../domain/dataset-spec.ts';
import { createGlobFilter, type GlobFilter } from './glob-filter.ts';
import { invalidAt } from './locate.ts';
import { rawOf } from './name-bytes.ts';
import type { DatasetSource, SourceRow } from './source.ts';
import { walk, type WalkedFile } from './walk.ts';

type FilesSpec = Extract<DatasetSpec, { type: 'files' }>;

export interface FilesSourceOptions {
  /** Where huge folders are sorted; the system's temporary folder by default. */
  readonly spillDir?: string;
  /** Entries of one folder that are sorted in memory: 50,000 names of 40 bytes take about 5 MB. */
  readonly maxInMemory?: number;
  /** Real paths of folders and linked files that are passed over; none by default. */
  readonly skips?: (real: string) => boolean;
}

/** Marks a cursor that holds a raw path (see name-bytes.ts), for names that are not UTF-8. */
const RAW = '\0';

export function createFilesSource(spec: FilesSpec, options: FilesSourceOptions = {}): DatasetSource {
  const { spillDir = tmpdir(), maxInMemory = 50_000, skips = () => false } = options;
  if (spec.only !== undefined) return singleFile(spec.only);
  let filter: GlobFilter | undefined;
  // A pattern that is refused fails the reading, so it ends its job and nothing else.
  const filterOf = () => (filter ??= createGlobFilter(spec.include, spec.exclude));

  const walkFrom = (after: string | null, sorted: boolean, signal: AbortSignal) =>
    walk({ root: spec.root, filter: filterOf(), after, sorted, spillDir, maxInMemory, skips, signal });

  return {
    async *read(from, signal) {
      let index = from?.index ?? 0;
      for await (const file of walkFrom(from === null ? null : rawAt(from), true, signal)) {
        yield rowOf(file, ++index);
      }
    },
    async count(limit, signal) {
      let rows = 0;
      if (limit <= 0) return 0;
      // All of them: the order does not matter, so huge folders need not be sorted.
      const sorted = limit !== Number.POSITIVE_INFINITY;
      for await (const _ of walkFrom(null, sorted, signal)) if (++rows >= limit) break;
      return rows;
    },
  };
}

function rowOf({ id, valid, raw }: WalkedFile, index: number): SourceRow {
  if (valid) return { row: { id }, cursor: { index, at: id } };
  const at = invalidAt('the file name is not valid UTF-8; rename the file');
  return { row: { id, at }, cursor: { index, at: RAW + raw } };
}

function rawAt({ index, at }: Cursor): string | null {
  if (index === 0) return null;
  return at.startsWith(RAW) ? at.slice(RAW.length) : rawOf(at);
}

function singleFile(name: string): DatasetSource {
  return {
    async *read(from, signal) {
      signal.throwIfAborted();
      if ((from?.index ?? 0) === 0) yield { row: { id: name }, cursor: { index: 1, at: name } };
    },
    async count(limit, signal) {
      signal.throwIfAborted();
      return Math.min(limit, 1);
    },
  };
}
