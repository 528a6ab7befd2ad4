/** Which column of a table feeds which field of a row, such as `{ "image": "img", "id": "key" }`. */
import { z } from 'zod';

const MAX_COLUMNS = 1_000;
const NAME = z.string().min(1).max(1024);

/** Field to column. Columns that are not named keep their own names. */
export const COLUMNS = z
  .record(NAME, NAME)
  .refine((columns) => Object.keys(columns).length <= MAX_COLUMNS, `at most ${MAX_COLUMNS} columns`);
export type Columns = Readonly<z.infer<typeof COLUMNS>>;

export type Fields = Readonly<Record<string, unknown>>;

/** The fields of a row whose columns are `values`. A column that feeds a field has no other name. */
export function mapColumns(values: Fields, columns: Columns): Fields {
  const fields: Record<string, unknown> = { ...values };
  for (const column of Object.values(columns)) delete fields[column];
  for (const [field, column] of Object.entries(columns)) {
    if (Object.hasOwn(values, column)) fields[field] = values[column];
  }
  return fields;
}
