/** Which columns of a Parquet file a job reads, and the fields that they feed. */
import type { Columns } from '../../domain/columns.ts';
import type { ValueType } from '../../domain/job/part-format.ts';
import type { Join } from '../../domain/join.ts';
import { ForebayError } from '../../errors.ts';
import type { Column } from './file/leaves.ts';
import { columnType } from './values/column-type.ts';
import { isMedia } from './values/structs.ts';

export interface Projection {
  readonly fields: readonly { readonly field: string; readonly column: Column }[];
  /** The column that names the rows. Null: their indexes do. */
  readonly id: Column | null;
  /** Those that go to the output, under these names. */
  readonly joined: readonly { readonly name: string; readonly column: Column; readonly type: ValueType }[];
}

export interface ProjectionOf {
  readonly columns?: Columns | undefined;
  /** The fields that the model reads. Null: any column may be one. */
  readonly fields: readonly string[] | null;
  readonly join?: Join | undefined;
}

/** `name`: of the file. Throws ForebayError `input_unreadable` if two columns that are read have one name. */
export function projectionOf(
  name: string,
  all: readonly Column[],
  { columns = {}, fields, join = [] }: ProjectionOf,
): Projection {
  const named = (wanted: string): Column | null => {
    const [first, ...more] = all.filter((column) => column.name === wanted);
    if (more.length === 0) return first ?? null;
    throw new ForebayError(
      'input_unreadable',
      `${name} has ${more.length + 1} columns that are named "${wanted}".`,
    );
  };
  const given = new Set(Object.values(columns));
  // See mapColumns: a column that feeds a field has no other name.
  const own = all
    .map((column) => column.name)
    .filter((own) => !given.has(own) && !Object.hasOwn(columns, own));
  const pairs = [...new Set(own)].map((field) => [field, field] as const);
  const wanted = [...pairs, ...Object.entries(columns)].filter(([field]) => fields?.includes(field) ?? true);
  return {
    fields: wanted.flatMap(([field, from]) => {
      const column = named(from);
      return column === null ? [] : [{ field, column }];
    }),
    id: named(columns['id'] ?? 'id'),
    joined: join.flatMap(({ column: from, name: to }) => {
      const column = named(from);
      if (column === null) return [];
      return [
        { name: to, column: isMedia(column.node) ? whole(column) : column, type: columnType(column.node) },
      ];
    }),
  };
}

function whole(column: Column): Column {
  return { ...column, isWhole: true };
}

export function readColumns({ fields, id, joined }: Projection): Column[] {
  const columns = new Set([...fields, ...joined].map(({ column }) => column));
  if (id !== null) columns.add(id);
  return [...columns];
}
