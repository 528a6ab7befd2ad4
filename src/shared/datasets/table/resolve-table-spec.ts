/** Makes the spec of a table from its file and from what a request says about it. */
import type { Columns } from '../../domain/columns.ts';
import type { TableSpec } from '../../domain/dataset-spec.ts';
import { ForebayError, type Issue } from '../../errors.ts';
import type { RowFields } from '../../tasks/row-fields.ts';
import { listedNames } from '../../text/listed-names.ts';
import { nearestName } from '../../text/nearest-name.ts';
import { withHead, type ByteFiles } from '../bytes/byte-file.ts';
import { feedsNoNumber, feedsNoText, inWords } from './column-holds.ts';
import { columnOf, neededColumns } from './needed-columns.ts';
import { readTableHead, type GivenTable, type TableHead } from '../table-head.ts';

export interface GivenTableFile extends GivenTable {
  readonly path: string;
  /** Where relative paths in its rows start. */
  readonly base: string;
}

/**
 * `fields`: what the model reads. Throws ForebayError `invalid_request` for a column that the table does not have,
 * and as `readTableHead` and opening the file do.
 */
export async function resolveTableSpec(
  files: ByteFiles,
  table: GivenTableFile,
  fields: RowFields,
  signal: AbortSignal,
  isOneOfSeveral = false,
): Promise<{ readonly spec: TableSpec; readonly compressed: boolean }> {
  const { path, base, columns } = table;
  return withHead(files, path, signal, async (file) => {
    const head = await readTableHead(file, table, fields, signal);
    if (head.columns !== null) {
      const problems = problemsOfValues(head, columns ?? {}, fields);
      checkColumns(file.name, head.columns, columns ?? {}, fields.needed, problems);
    }
    // Later readers check what was not seen here.
    const isUnseen = head.columns === null && head.isStrict;
    const needs = isUnseen || isOneOfSeveral ? neededColumns(columns, fields.needed) : undefined;
    const spec = { ...head.spec, path, base, ...(columns && { columns }), ...(needs && { needs }) };
    return { spec, compressed: file.compression !== undefined };
  });
}

/** Problems of columns whose values cannot feed the text, the file or the number that the model needs. */
function problemsOfValues(
  { columns: known, holds }: TableHead,
  columns: Columns,
  fields: RowFields,
): Issue[] {
  if (holds === undefined) return [];
  const { needed, text, strings = [], numbers = [] } = fields;
  return needed.flatMap((field) => {
    const column = columnOf(columns, field);
    const held = known?.includes(column) === true ? holds(column) : null;
    if (held === null) return [];
    const isText = text?.includes(field) ?? true;
    const isString = strings.includes(field) && held.kind === 'bytes';
    const isWrong = isText ? isString || feedsNoText(held) : numbers.includes(field) && feedsNoNumber(held);
    if (!isWrong) return [];
    const takes = isString ? ': write them as strings' : isText ? '' : ': it takes numbers';
    const message = `the column "${column}" holds ${inWords(held)}, which cannot feed the field "${field}"${takes}`;
    return [{ path: `/input/columns/${field}`, message }];
  });
}

/**
 * `needed`: the fields that a column must feed. `more`: other problems of the columns. Throws ForebayError
 * `invalid_request`.
 */
export function checkColumns(
  name: string,
  known: readonly string[],
  columns: Columns,
  needed: readonly string[],
  more: readonly Issue[] = [],
): void {
  const issues: Issue[] = [...more];
  for (const [field, column] of Object.entries(columns)) {
    if (known.includes(column)) continue;
    const near = nearestName(column, known);
    const hint = near === null ? '' : `, but there is "${near}"`;
    issues.push({ path: `/input/columns/${field}`, message: `there is no column "${column}"${hint}` });
  }
  for (const field of needed) {
    if (Object.hasOwn(columns, field) || known.includes(field)) continue;
    const message = `the model needs the field "${field}", and no column has this name: name the one that feeds it`;
    issues.push({ path: `/input/columns/${field}`, message });
  }
  if (issues.length === 0) return;
  const [first] = issues;
  throw new ForebayError(
    'invalid_request',
    `${name}: ${first!.message}. Its columns: ${listedNames(known)}.`,
    {
      issues,
    },
  );
}
