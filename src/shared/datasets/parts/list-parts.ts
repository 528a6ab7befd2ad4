/** Lists the files of a table in several files, lazily and in the order of their names. */
import type { FilesSpec, PartsSpec } from '../../domain/dataset-spec.ts';
import { ForebayError } from '../../errors.ts';
import { shownPath } from '../../stores/remote-url.ts';
import { invalidReason } from '../row-reference.ts';
import type { SkippedCounter } from '../skipped-counter.ts';
import type { DatasetSource } from '../source.ts';
import { partVerdict } from './part-rule.ts';

export interface Part {
  /** Its path below the base of the dataset. */
  readonly name: string;
  /** Where listing continues after it. */
  readonly listed: string;
}

/** Opens the files of a folder. */
export type ListFiles = (of: FilesSpec) => Pick<DatasetSource, 'read'>;

export type PartPlaces = Pick<PartsSpec, 'type' | 'base' | 'path' | 'parts'>;

/** Yields the files after `from`, or all of them for null. Throws as reading a folder does. */
export async function* listParts(
  spec: PartPlaces,
  listFiles: ListFiles,
  from: string | null,
  signal: AbortSignal,
  skipped?: SkippedCounter,
): AsyncGenerator<Part> {
  const cursor = from === null ? null : { index: 1, at: from };
  const isNamed = spec.parts.pattern !== null;
  for await (const { row, cursor: after } of listFiles(partFiles(spec)).read(cursor, signal, skipped)) {
    const invalid = invalidReason(row);
    if (invalid !== null) throw new ForebayError('input_unreadable', `${row.id}: ${invalid}.`);
    const verdict = partVerdict(spec.type, row.id, isNamed);
    if (verdict === 'part') yield { name: row.id, listed: after.at };
    else if (verdict === 'delta') throw isDelta(spec);
    else skipped?.add(verdict, row.id);
  }
}

/** Where the files of a table are, as a dataset of files. */
export function partFiles({ base, parts: { pattern, ignore_case } }: PartPlaces): FilesSpec {
  return {
    type: 'files',
    root: base,
    include: pattern === null ? [] : [pattern],
    exclude: [],
    ...(ignore_case && { ignore_case }),
    listing: 3,
  };
}

function isDelta({ base }: PartPlaces): ForebayError {
  return new ForebayError(
    'input_unreadable',
    `${shownPath(base)} is a Delta table, whose folder also holds files of older versions. Export the version that you want, for example as a folder of Parquet files.`,
  );
}
