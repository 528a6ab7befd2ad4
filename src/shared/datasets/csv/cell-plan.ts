/** What becomes of the cells of a CSV row. */
import type { Columns } from '../../domain/columns.ts';
import type { Join } from '../../domain/join.ts';

/** A field that a cell feeds. */
export interface CellTarget {
  readonly name: string;
  /** The field's name as JSON, with the colon. */
  readonly key: Buffer;
  /** Whether the value is a string, whatever it looks like. */
  readonly isText: boolean;
}

export interface CellPlan {
  /** A byte. */
  readonly delimiter: number;
  /** The header's names in order. */
  readonly names: readonly string[];
  /** Per column: the fields that it feeds. Most columns feed one field or none. */
  readonly targets: readonly (readonly CellTarget[])[];
  /** The column that names the rows, or -1. */
  readonly idColumn: number;
  /** Upper bound on the bytes of a row without its values. */
  readonly frameBytes: number;
}

/** The longest value that does not come from a cell: `false`. */
const CONSTANT_BYTES = 5;

/**
 * `columns`: where fields have other names than their columns. `fields`: those that are needed. Null: all. `text`: those
 * that are strings, whatever they look like. Null: all.
 */
export function planCells(options: {
  readonly delimiter: string;
  readonly names: readonly string[];
  readonly columns?: Columns | undefined;
  readonly fields: readonly string[] | null;
  readonly text: readonly string[] | null;
}): CellPlan {
  const { names, columns = {}, fields, text } = options;
  const needed = fields && new Set(fields);
  const texts = text && new Set(text);
  const fed = new Map<string, string[]>();
  for (const [field, column] of Object.entries(columns)) {
    fed.set(column, [...(fed.get(column) ?? []), field]);
  }
  // A column that feeds named fields feeds no field of its own name. A field that a column feeds takes no column of its
  // own name.
  const fieldsOf = (name: string) =>
    fed.get(name) ?? (name === '' || Object.hasOwn(columns, name) ? [] : [name]);
  const targets = names.map((name) =>
    fieldsOf(name)
      .filter((field) => needed?.has(field) ?? true)
      .map((field) => ({
        name: field,
        key: Buffer.from(`${JSON.stringify(field)}:`),
        isText: texts === null || field === 'id' || texts.has(field),
      })),
  );
  return {
    delimiter: options.delimiter.charCodeAt(0),
    names,
    targets,
    idColumn: names.findIndex((name) => fieldsOf(name).includes('id')),
    frameBytes: frameBytesOf(targets),
  };
}

/** For columns that go to the output. All values are texts. */
export function planJoin(
  { delimiter, names }: { readonly delimiter: string; readonly names: readonly string[] },
  join: Join,
): CellPlan {
  const targets = names.map((own) =>
    join
      .filter(({ column }) => column === own)
      .map(({ name }) => ({ name, key: Buffer.from(`${JSON.stringify(name)}:`), isText: true })),
  );
  return {
    delimiter: delimiter.charCodeAt(0),
    names,
    targets,
    idColumn: -1,
    frameBytes: frameBytesOf(targets),
  };
}

function frameBytesOf(targets: readonly (readonly CellTarget[])[]): number {
  return targets.flat().reduce((sum, { key }) => sum + key.length + 1 + CONSTANT_BYTES, 2);
}
