/** Puts a row that was read from a table back into the JSON line that it has in every format. */
import type { ResultColumn } from '../../domain/job/part-format.ts';
import type { StoredRow } from '../sink.ts';
import type { Cell } from './cells.ts';

/** `cells`: the JSON text of each column. */
export function storedRow(
  columns: readonly ResultColumn[],
  index: number,
  id: string,
  cells: readonly Cell[],
): StoredRow {
  /** Texts of fields. A field whose values have a column each is a list of members. */
  const fields = new Map<string, string | string[]>();
  for (const [at, { source, optional }] of columns.entries()) {
    const cell = cells[at] ?? null;
    if (source.of === 'best' || (cell === null && optional)) continue;
    const text = cell ?? 'null';
    if (source.of === 'field') fields.set(source.field, text);
    else {
      const member = `${JSON.stringify(source.key)}:${text}`;
      const members = fields.get(source.field);
      if (Array.isArray(members)) members.push(member);
      else fields.set(source.field, [member]);
    }
  }
  let text = `{"index":${index},"id":${JSON.stringify(id)}`;
  for (const [field, value] of fields) {
    text += `,${JSON.stringify(field)}:${typeof value === 'string' ? value : `{${value.join(',')}}`}`;
  }
  return { index, id, text: `${text}}\n` };
}
