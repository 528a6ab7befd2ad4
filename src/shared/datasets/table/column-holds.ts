/** What the values of a column have in common, for columns that cannot feed a field of the model. Pure. */

export type Holds = 'numbers' | 'booleans' | 'lists' | 'objects' | 'text' | 'times' | 'bytes';

/** First rows that are looked at. The documentation names this number. */
export const LOOKED_AT = 100;

/** Null if the values differ, or if there are none. A text may be a number that was quoted. */
export function holdsOf(values: readonly unknown[]): Holds | null {
  const given = values.filter((value) => value !== undefined && value !== null);
  const kinds = new Set(given.map(kindOf));
  if (kinds.size === 1) return kinds.values().next().value!;
  // None of them may be text, or name a file.
  return kinds.has('text') ? null : kindOf(given[0]);
}

function kindOf(value: unknown): Holds | null {
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return 'numbers';
  if (typeof value === 'boolean') return 'booleans';
  if (Array.isArray(value)) return 'lists';
  return typeof value === 'object' ? 'objects' : null;
}

const NEVER_TEXT: ReadonlySet<Holds> = new Set(['numbers', 'booleans', 'lists', 'objects']);
const NEVER_NUMBERS: ReadonlySet<Holds> = new Set(['text', 'times', 'bytes', 'lists', 'objects']);

/** Whether no value of such a column can be a text, or name or hold a file. */
export function feedsNoText(holds: Holds | null): boolean {
  return holds !== null && NEVER_TEXT.has(holds);
}

/** Whether no value of such a column can be a number. A boolean is 0 or 1. */
export function feedsNoNumber(holds: Holds | null): boolean {
  return holds !== null && NEVER_NUMBERS.has(holds);
}
