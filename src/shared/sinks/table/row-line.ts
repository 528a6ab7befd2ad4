/** Puts a row that was read from a table back into the JSON line that it has in every format. */
import type { PartTable } from '../../domain/job/part-format.ts';
import type { StoredRow } from '../sink.ts';
import type { Cell } from './cells.ts';

/** Whether rows as JSON lack the column, because another one holds its value. */
export function isCopy(
  { selected }: Pick<PartTable, 'selected'>,
  { source }: PartTable['columns'][number],
): boolean {
  return source.of === 'best' && selected !== true;
}

/** `cells`: the JSON text of each column. */
export function storedRow(table: PartTable, index: number, id: string, cells: readonly Cell[]): StoredRow {
  const members = table.selected ? chosenMembers(table, cells) : allMembers(table, cells);
  const head = `"index":${index},"id":${JSON.stringify(id)}`;
  return { index, id, text: `{${[head, ...members].join(',')}}\n` };
}

/** A field per column, as the request names them. */
function chosenMembers({ columns }: PartTable, cells: readonly Cell[]): string[] {
  return columns.map(({ name }, at) => `${JSON.stringify(name)}:${cells[at] ?? 'null'}`);
}

/** The fields of the result, and then those of the input. */
function allMembers(table: PartTable, cells: readonly Cell[]): string[] {
  /** Texts of fields. A field whose values have a column each is a list of members. */
  const fields = new Map<string, string | string[]>();
  for (const [at, column] of table.columns.entries()) {
    const { source, optional } = column;
    const cell = cells[at] ?? null;
    if (isCopy(table, column) || (cell === null && optional)) continue;
    const text = cell ?? 'null';
    if (source.of !== 'key') fields.set(source.field, text);
    else {
      const member = `${JSON.stringify(source.key)}:${text}`;
      const members = fields.get(source.field);
      if (Array.isArray(members)) members.push(member);
      else fields.set(source.field, [member]);
    }
  }
  return Array.from(
    fields,
    ([field, value]) =>
      `${JSON.stringify(field)}:${typeof value === 'string' ? value : `{${value.join(',')}}`}`,
  );
}
