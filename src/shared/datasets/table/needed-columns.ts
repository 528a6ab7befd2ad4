/** The columns without which no row of a table can be answered. Pure. */
import type { Columns } from '../../domain/columns.ts';
import { ForebayError } from '../../errors.ts';
import { listedNames } from '../../text/listed-names.ts';

/** The column that feeds a field of the model. */
export function columnOf(columns: Columns = {}, field: string): string {
  return Object.hasOwn(columns, field) ? columns[field]! : field;
}

/** `fields`: those that the model needs. Columns that the user names are needed, too. */
export function neededColumns(columns: Columns = {}, fields: readonly string[]): string[] {
  const own = fields.filter((field) => !Object.hasOwn(columns, field));
  return [...new Set([...Object.values(columns), ...own])];
}

/** `name`: of the file. `known`: its columns. Throws ForebayError `input_unreadable`. */
export function checkNeeds(name: string, known: readonly string[], needs: readonly string[]): void {
  const missing = needs.find((column) => !known.includes(column));
  if (missing === undefined) return;
  throw new ForebayError(
    'input_unreadable',
    `${name} has no column "${missing}", which the job reads. Its columns: ${listedNames(known)}.`,
  );
}
