/** The archives of a dataset, in order: one, those that braces name, or those that a glob matches. */
import type { ArchiveSpec, FilesSpec } from '../../domain/dataset-spec.ts';
import { ForebayError, InvariantError } from '../../errors.ts';
import { readBraces, type BracePattern } from '../../text/brace-pattern.ts';
import { nameBelow, pathBelow } from '../base-path.ts';
import { explainEmpty } from '../listing/explain-empty.ts';
import { invalidReason } from '../row-reference.ts';
import type { DatasetSource } from '../source.ts';

export interface Shard {
  /** Its path below the base of the dataset. */
  readonly name: string;
  /** Where listing continues after it. */
  readonly cursor: string;
}

type Shards = Pick<ArchiveSpec, 'path' | 'base' | 'shards' | 'ignore_case'>;

/** Yields the archives after `from`, or all of them for null. `listFiles`: opens a folder, for globs. */
export async function* listShards(
  spec: Shards,
  listFiles: (of: FilesSpec) => Pick<DatasetSource, 'read'>,
  from: string | null,
  signal: AbortSignal,
): AsyncGenerator<Shard> {
  const name = nameBelow(spec.base, spec.path);
  switch (spec.shards) {
    case undefined:
      if (from === null) yield { name, cursor: '' };
      return;
    case 'braces': {
      const names = bracesOf(name);
      for (let at = from === null ? 0 : Number(from) + 1; at < names.count; at++) {
        yield { name: names.at(at), cursor: String(at) };
      }
      return;
    }
    case 'glob': {
      const cursor = from === null ? null : { index: 1, at: from };
      for await (const { row, cursor: after } of listFiles(shardFiles(spec)).read(cursor, signal)) {
        const invalid = invalidReason(row);
        if (invalid !== null) throw new ForebayError('input_unreadable', `${row.id}: ${invalid}.`);
        yield { name: row.id, cursor: after.at };
      }
    }
  }
}

/** The archives of a glob as a dataset of files. */
function shardFiles({ path, base, ignore_case }: Shards): FilesSpec {
  return {
    type: 'files',
    root: base,
    include: [nameBelow(base, path)],
    exclude: [],
    ...(ignore_case && { ignore_case }),
    listing: 3,
  };
}

/** Why a glob matches no archive, and which one would. Null if there are no files. */
export async function whyNoShard(
  spec: Shards,
  listFiles: (of: FilesSpec) => Pick<DatasetSource, 'read'>,
  signal: AbortSignal,
): Promise<string | null> {
  const patterns = shardFiles(spec);
  const all = listFiles({ ...patterns, include: [] });
  return explainEmpty(patterns, async function* (filter) {
    for await (const { row } of all.read(null, signal)) if (filter.file(row.id)) yield row;
  });
}

/** `name`: a pattern that has been checked. */
export function bracesOf(name: string): BracePattern {
  const names = readBraces(name);
  if (names === null || typeof names === 'string') throw new InvariantError(`braces in "${name}": ${names}`);
  return names;
}

export function shardPath({ base }: Pick<Shards, 'base'>, name: string): string {
  return pathBelow(base, name);
}

/** Keys repeat from shard to shard, so ids of rows in several shards begin with the shard. */
export function rowId({ shards }: Pick<Shards, 'shards'>, name: string, key: string): string {
  return shards === undefined ? key : `${name}/${key}`;
}
