/** The files below a folder as rows. The id of a row is its path relative to the root. */
import { tmpdir } from 'node:os';
import type { Cursor, DatasetSpec } from '../../domain/dataset-spec.ts';
import { countUpTo } from '../count-up-to.ts';
import { createGlobFilter } from '../listing/glob-filter.ts';
import { createExplicitInclude } from '../listing/listing-rule.ts';
import { BAD_NAME, invalidAt } from '../row-reference.ts';
import { rawOf } from './name-bytes.ts';
import { explainEmpty } from '../listing/explain-empty.ts';
import { singleFile } from './single-file.ts';
import type { SkippedCounter } from '../skipped-counter.ts';
import type { DatasetSource, SourceRow } from '../source.ts';
import { walk, type WalkedFile, type WalkOptions } from './walk.ts';

type FilesSpec = Extract<DatasetSpec, { type: 'files' }>;

export interface FilesSourceOptions {
  /** The folder in which huge folders are sorted. The default is the system's temporary folder. */
  readonly spillDir?: string;
  /** Entries of one folder that are sorted in memory. 50,000 names of 40 bytes take about 5 MB. */
  readonly maxInMemory?: number;
  /** Tells which folders and linked files to skip, by real path. The default skips none. */
  readonly skips?: (real: string) => boolean;
}

/** Marks a cursor with a raw path (see name-bytes.ts), for names that are not UTF-8. */
const RAW = '\0';

export function createFilesSource(spec: FilesSpec, options: FilesSourceOptions = {}): DatasetSource {
  const { spillDir = tmpdir(), maxInMemory = 50_000, skips = () => false } = options;
  if (spec.only !== undefined) return singleFile(spec.only);
  let compiled: Pick<WalkOptions, 'rule' | 'filter' | 'isExplicitlyIncluded'> | undefined;
  // Compiled on reading, so that a refused pattern fails only its job.
  const rules = () =>
    (compiled ??= {
      rule: spec.listing ?? 1,
      filter: createGlobFilter(spec.include, spec.exclude, spec.ignore_case),
      isExplicitlyIncluded: createExplicitInclude(spec.include, spec.ignore_case),
    });
  const common = { root: spec.root, spillDir, maxInMemory, skips };

  return {
    async *read(from, signal, skipped) {
      let index = from?.index ?? 0;
      const after = from === null ? null : rawAt(from);
      const onSkip: SkippedCounter['add'] = (reason, id) => skipped?.add(reason, id);
      for await (const file of walk({ ...common, ...rules(), after, sorted: true, onSkip, signal })) {
        yield rowOf(file, ++index);
      }
    },
    async count(limit, signal) {
      // Without a limit, the order does not matter, so huge folders need no sorting.
      const sorted = limit !== Number.POSITIVE_INFINITY;
      return countUpTo(limit, walk({ ...common, ...rules(), after: null, sorted, onSkip: ignore, signal }));
    },
    async whyEmpty(signal) {
      return explainEmpty(spec, (filter) =>
        walk({ ...common, ...rules(), filter, after: null, sorted: true, onSkip: ignore, signal }),
      );
    },
  };
}

const ignore = () => {};

function rowOf({ id, valid, raw }: WalkedFile, index: number): SourceRow {
  if (valid) return { row: { id }, cursor: { index, at: id } };
  return { row: { id, at: invalidAt(BAD_NAME) }, cursor: { index, at: RAW + raw } };
}

function rawAt({ index, at }: Cursor): string | null {
  if (index === 0) return null;
  return at.startsWith(RAW) ? at.slice(RAW.length) : rawOf(at);
}
