/** The columns that the rows of a dataset can pass on to the output, with the types that they have there. */
import type { Columns, Fields } from '../domain/columns.ts';
import { hasParts, isTable, type GivenDataset } from '../domain/dataset-spec.ts';
import type { ValueType } from '../domain/job/part-format.ts';
import type { RowKind } from '../tasks/task-description.ts';
import { withFile } from './bytes/byte-file.ts';
import { embeddedFile } from './embedded-file.ts';
import { checkColumns } from './parquet/check-columns.ts';
import { openParquet } from './parquet/file/parquet-file.ts';
import { columnType } from './parquet/values/column-type.ts';
import { isMedia } from './parquet/values/structs.ts';
import { firstPart } from './parts/first-part.ts';
import { firstRows, type FirstRowsDeps, type RowsSpec } from './first-rows.ts';
import { PLACE_COLUMNS } from './join/place-join.ts';
import { commonType } from './join/common-type.ts';

export interface OfferedColumn {
  readonly name: string;
  readonly type: ValueType;
  /** Why only a request that names the column gets it. Null: `join: true` takes it. */
  readonly onlyByName: string | null;
  /** Throws ForebayError `input_unreadable` if Forebay cannot read the column. */
  readonly check?: () => void;
}

export interface Offered {
  readonly columns: readonly OfferedColumn[];
  /** Whether the rows may have further columns, because no row could be read. */
  readonly isUnknown: boolean;
}

const FEEDS_MODEL = 'it holds the file that the model reads';
const IS_FILE = 'it is a file';
const IS_ID = 'the output has it as the id of the row';

/** `kind`: what the model reads of a row. Rejects as reading the file does. */
export async function offeredColumns(
  given: GivenDataset,
  kind: RowKind,
  deps: FirstRowsDeps,
  signal: AbortSignal,
): Promise<Offered> {
  // Each file must have the columns that are joined.
  const isSeveral = isTable(given) && hasParts(given);
  const dataset = isSeveral ? await firstPart(given, deps.files, deps.listFiles, signal) : given;
  switch (dataset.type) {
    case 'files':
    case 'urls':
    case 'manifest': {
      const names = PLACE_COLUMNS[dataset.type]!;
      return known(names.map((name) => ({ name, type: 'string', onlyByName: null })));
    }
    case 'parquet':
      return known(await parquetColumns(dataset, kind, deps, signal));
    case 'csv': {
      const rows = kindOfFile(kind) === null ? [] : await firstRows(dataset, deps, signal);
      return known(
        dataset.names
          .filter((name) => name !== '')
          .map((name) => ({
            name,
            type: 'string',
            onlyByName: onlyByName(name, { values: valuesOf(rows, name), columns: dataset.columns, kind }),
          })),
      );
    }
    case 'jsonl':
    case 'inline':
    case 'archive':
      return columnsOfRows(dataset, kind, deps, signal);
  }
}

function known(columns: readonly OfferedColumn[]): Offered {
  return { columns, isUnknown: false };
}

async function columnsOfRows(
  dataset: Exclude<RowsSpec, { type: 'csv' }>,
  kind: RowKind,
  deps: FirstRowsDeps,
  signal: AbortSignal,
): Promise<Offered> {
  if (dataset.type === 'archive' && !dataset.grouped) {
    return known(['path', 'archive'].map((name) => ({ name, type: 'string', onlyByName: null })));
  }
  const rows = await firstRows(dataset, deps, signal);
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  const columns = dataset.type === 'inline' ? undefined : dataset.columns;
  return {
    columns: Array.from(names, (name) => {
      const values = valuesOf(rows, name);
      // A member that nobody decodes is a file. The rows do not have its bytes here.
      const isFile = dataset.type === 'archive' && values.every(isBytes);
      return {
        name,
        type: isFile ? 'bytes' : commonType(values),
        onlyByName: isFile ? IS_FILE : onlyByName(name, { values, columns, kind }),
      };
    }),
    isUnknown: rows.length === 0,
  };
}

/** Nulls are no values. */
function valuesOf(rows: readonly Fields[], name: string): unknown[] {
  return rows.flatMap((row) => {
    const value = Object.hasOwn(row, name) ? row[name] : null;
    return value === null || value === undefined ? [] : [value];
  });
}

function isBytes(value: unknown): boolean {
  return value instanceof Uint8Array;
}

/** The field that holds a file, in records for models that read files. */
function kindOfFile(kind: RowKind): 'image' | 'audio' | null {
  return kind === 'image' || kind === 'audio' ? kind : null;
}

interface About {
  readonly values: readonly unknown[];
  readonly columns: Columns | undefined;
  readonly kind: RowKind;
}

function onlyByName(name: string, { values, columns = {}, kind }: About): string | null {
  if (name === 'id' && (columns['id'] ?? 'id') === 'id') return IS_ID;
  const field = kindOfFile(kind);
  if (field === null || (columns[field] ?? field) !== name) return null;
  const isFile = (value: unknown) => typeof value === 'string' && embeddedFile(value) !== null;
  return values.some(isFile) ? FEEDS_MODEL : null;
}

async function parquetColumns(
  { path, columns }: Extract<GivenDataset, { type: 'parquet' }>,
  kind: RowKind,
  { files }: FirstRowsDeps,
  signal: AbortSignal,
): Promise<OfferedColumn[]> {
  return withFile(files, path, signal, async (file) => {
    const { footer } = await openParquet(file, signal);
    const field = kindOfFile(kind);
    return footer.columns.map((column): OfferedColumn => {
      const type = columnType(column.node);
      const feeds = field !== null && (columns?.[field] ?? field) === column.name;
      const isFile = type === 'bytes' || isMedia(column.node);
      return {
        name: column.name,
        type,
        onlyByName: feeds && isFile ? FEEDS_MODEL : onlyByName(column.name, { values: [], columns, kind }),
        check: () => checkColumns(file.name, footer, [column]),
      };
    });
  });
}
