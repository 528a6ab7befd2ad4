/** The values of a result by column, as JSON text. */
import type { ResultColumn } from '../../domain/job/part-format.ts';
import { firstItem, rawMembers, rawObject } from './raw-members.ts';

/** Null: the result has no such value, or it is null. */
export type Cell = string | null;

/** `result`: the task's fields as JSON text without braces. */
export function cellsOf(columns: readonly ResultColumn[], result: string): Cell[] {
  const fields = rawMembers(result);
  const objects = new Map<string, Map<string, string> | null>();
  return columns.map(({ source }) => {
    const field = fields.get(source.field);
    if (field === undefined) return null;
    if (source.of === 'best') return bestOf(field, source.key);
    if (source.of === 'field' || source.of === 'input') return orNull(field);
    if (!objects.has(source.field)) objects.set(source.field, rawObject(field));
    return orNull(objects.get(source.field)?.get(source.key));
  });
}

/** Classes without names are labelled by their numbers, so that the column is never empty without a reason. */
function bestOf(list: string, key: 'label' | 'score'): Cell {
  const first = firstItem(list);
  const best = first === null ? null : rawObject(first);
  if (best === null) return null;
  if (key === 'score') return orNull(best.get('score'));
  const number = orNull(best.get('index'));
  return orNull(best.get('label')) ?? (number === null ? null : JSON.stringify(number));
}

function orNull(text: string | undefined): Cell {
  return text === undefined || text === 'null' ? null : text;
}
