/** Chooses the columns of the input that go to the output, and their names there. */
import type { FirstRowsDeps } from '../../../../shared/datasets/first-rows.ts';
import { offeredColumns, type OfferedColumn } from '../../../../shared/datasets/offered-columns.ts';
import type { GivenDataset } from '../../../../shared/domain/dataset-spec.ts';
import { MAX_JOINED, type AskedColumns } from '../../../../shared/domain/join.ts';
import type { ResultColumn } from '../../../../shared/domain/job/part-format.ts';
import type { RowKind } from '../../../../shared/tasks/task-description.ts';
import { refusedColumns, unknownColumns } from './refused-columns.ts';

export interface TakenColumn {
  /** Its name in the input. */
  readonly from: string;
  readonly column: ResultColumn;
}

export interface LeftOut {
  readonly column: string;
  readonly why: string;
}

/** A column of the input whose name a result has gets this in front. */
const PREFIX = 'input_';

/** Rejects as `settleFormat` does. */
export async function joinedColumns(
  join: NonNullable<AskedColumns['join']>,
  results: readonly ResultColumn[],
  of: {
    readonly dataset: GivenDataset;
    readonly kind: RowKind;
    readonly deps: FirstRowsDeps;
    readonly signal: AbortSignal;
  },
): Promise<{ readonly taken: readonly TakenColumn[]; readonly leftOut: readonly LeftOut[] }> {
  const offered = await offeredColumns(of.dataset, of.kind, of.deps, of.signal);
  const { columns } = offered;
  const known = columns.map(({ name }) => name);
  const all = columns.filter(({ onlyByName }) => onlyByName === null);
  if (join !== true && !offered.isUnknown) {
    const unknown = join.filter((name) => !known.includes(name));
    if (unknown.length > 0) throw unknownColumns('join', unknown, known, whatHasNone(of.dataset));
  }
  if (join === true && all.length === 0) {
    throw refusedColumns(
      'join',
      offered.isUnknown
        ? 'no row at the beginning of the input shows which columns there are: name them'
        : `the input has no column that true could join: ${columns.map(({ name, onlyByName }) => `"${name}" is left out because ${onlyByName}`).join(', ')}`,
    );
  }
  const wanted: readonly OfferedColumn[] =
    join === true
      ? all
      : join.map(
          (name) =>
            columns.find((column) => column.name === name) ?? { name, type: 'json', onlyByName: null },
        );
  if (wanted.length > MAX_JOINED) {
    throw refusedColumns(
      'join',
      `the input has ${wanted.length} columns, and at most ${MAX_JOINED} can be joined: name them`,
    );
  }
  for (const { check } of wanted) check?.();
  const leftOut = columns.flatMap(({ name, onlyByName }) =>
    join === true && onlyByName !== null ? [{ column: name, why: onlyByName }] : [],
  );
  return { taken: named(wanted, results), leftOut };
}

function whatHasNone(dataset: GivenDataset): string {
  if (dataset.type === 'manifest') {
    return ' To pass on other fields of its lines, give it as JSONL with the paths in the column of the model, such as "image".';
  }
  return dataset.type === 'jsonl' || dataset.type === 'inline' ? ' Only the first rows are looked at.' : '';
}

/** Columns that no result has keep their names, whatever the others are called. */
function named(wanted: readonly OfferedColumn[], results: readonly ResultColumn[]): TakenColumn[] {
  const reserved = new Set(['index', 'id', ...results.flatMap(({ name, source }) => [name, source.field])]);
  const used = new Set([...reserved, ...wanted.map(({ name }) => name)]);
  const nameOf = (own: string): string => {
    if (!reserved.has(own)) return own;
    let name = PREFIX + own;
    while (used.has(name)) name = PREFIX + name;
    used.add(name);
    return name;
  };
  return wanted.map(({ name: own, type }) => {
    const name = nameOf(own);
    return { from: own, column: { name, type, optional: false, source: { of: 'input', field: name } } };
  });
}
