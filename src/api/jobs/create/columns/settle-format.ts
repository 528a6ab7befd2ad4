/** Settles how a job writes its parts: their format, and their columns. */
import { joinOf, type DatasetSpec, type GivenDataset } from '../../../../shared/domain/dataset-spec.ts';
import type { AskedColumns } from '../../../../shared/domain/join.ts';
import type { JobSpec } from '../../../../shared/domain/job/job.ts';
import type { PartFormat, PartTable, ResultColumn } from '../../../../shared/domain/job/part-format.ts';
import type { ModelConfig } from '../../../../shared/domain/model/model-config.ts';
import type { FirstRowsDeps } from '../../../../shared/datasets/first-rows.ts';
import { ForebayError } from '../../../../shared/errors.ts';
import { columnsOf } from '../../../../shared/sinks/table/columns-of.ts';
import { rowKindOf } from '../../../../shared/tasks/task-descriptions.ts';
import { ANSWER_MS, askStore } from '../input/ask-store.ts';
import { joinedColumns, type LeftOut } from './joined-columns.ts';
import { selectColumns } from './select-columns.ts';

export interface AskedFormat {
  /** Null: the request names none. */
  readonly format: PartFormat | null;
  readonly columns: AskedColumns;
}

export interface SettledFormat {
  /** With the columns that its rows pass on. */
  readonly dataset: DatasetSpec;
  /** Undefined: as JSONL, with all fields. */
  readonly table: PartTable | undefined;
  readonly askedColumns: AskedColumns | undefined;
  /** The columns after `index` and `id`, for JSON lines as well. Null: as in the job that is continued. */
  readonly columns: readonly ResultColumn[] | null;
  /** Columns that `join: true` does not take. */
  readonly leftOut: readonly LeftOut[];
}

/** The parts of a job that a request continues. */
export type EarlierFormat = Pick<JobSpec, 'table' | 'dataset' | 'asked_columns' | 'compact' | 'delta'>;

/**
 * Rejects with ForebayError `invalid_request` for columns that there are not, and as reading the dataset does. `dataset`:
 * as the request has it.
 */
export async function settleFormat(
  { format, columns }: AskedFormat,
  config: ModelConfig | null,
  dataset: DatasetSpec,
  deps: FirstRowsDeps,
): Promise<SettledFormat> {
  const results = columnsOf(config);
  const { join, select } = columns;
  const asked = Object.keys(columns).length > 0 ? columns : undefined;
  const { taken, leftOut } =
    join === undefined
      ? { taken: [], leftOut: [] }
      : await askStore('the columns of the input', ANSWER_MS, async (signal) =>
          joinedColumns(join, results, {
            dataset: dataset as GivenDataset,
            kind: rowKindOf(config),
            deps,
            signal,
          }),
        );
  const chosen = selectColumns(select, results, taken, join);
  const passed = taken.filter(({ column }) => chosen.includes(column));
  const isPlain = (format ?? 'jsonl') === 'jsonl' && select === undefined;
  return {
    dataset:
      passed.length === 0
        ? dataset
        : ({
            ...dataset,
            join: passed.map(({ from, column }) => ({ column: from, name: column.name })),
          } as GivenDataset),
    table: isPlain
      ? undefined
      : {
          format: format ?? 'jsonl',
          columns: format === 'csv' && dataset.type !== 'parquet' ? chosen.map(withoutWholeNumbers) : chosen,
          ...(select && { selected: true as const }),
        },
    askedColumns: asked,
    columns: chosen,
    leftOut,
  };
}

/** Only the first rows say that a column has whole numbers. In the text of a CSV file, a later 1.5 fits as well. */
function withoutWholeNumbers(column: PartTable['columns'][number]): PartTable['columns'][number] {
  const isGuess = column.source.of === 'input' && column.type === 'int64';
  return isGuess ? { ...column, type: 'double' } : column;
}

/**
 * A job that continues an earlier one keeps its format and its columns, so that all parts of an output are alike. Throws
 * ForebayError `resume_mismatch` if the request asks for others.
 */
export function keepFormat(
  { format, columns }: AskedFormat,
  dataset: DatasetSpec,
  earlier: EarlierFormat,
): SettledFormat {
  const then = earlier.table?.format ?? 'jsonl';
  if (format !== null && format !== then) {
    throw mismatch(
      'format',
      `holds ${then} parts, and the request asks for ${format}`,
      `is ${format}, but the output holds ${then} parts`,
    );
  }
  for (const name of ['join', 'select'] as const) {
    const [before, now] = [earlier.asked_columns?.[name], columns[name]];
    if (now === undefined || JSON.stringify(now) === JSON.stringify(before)) continue;
    const had = before === undefined ? `no "${name}"` : `"${name}": ${JSON.stringify(before)}`;
    throw mismatch(
      name,
      `was started with ${had}, and the request asks for ${JSON.stringify(now)}`,
      `is ${JSON.stringify(now)}, but the output was started with ${had}`,
    );
  }
  const join = joinOf(earlier.dataset);
  return {
    dataset: join === undefined ? dataset : ({ ...dataset, join: [...join] } as GivenDataset),
    table: earlier.table,
    askedColumns: earlier.asked_columns,
    columns: null,
    leftOut: [],
  };
}

function mismatch(field: string, what: string, message: string): ForebayError {
  return new ForebayError(
    'resume_mismatch',
    `The output ${what}. Leave ${field === 'format' ? 'the format' : `"${field}"`} out, or use another output.`,
    { issues: [{ path: `/output/${field}`, message }] },
  );
}
