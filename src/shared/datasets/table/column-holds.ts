/** What the values of a column have in common, for columns that cannot feed a field of the model. Pure. */
import { shortened } from '../../text/shortened.ts';

export type HeldKind = 'numbers' | 'booleans' | 'lists' | 'objects' | 'text' | 'times' | 'bytes';

export interface Holds {
  readonly kind: HeldKind;
  /** One of the texts. */
  readonly example?: string;
}

/** First rows that are looked at. The documentation names this number. */
export const LOOKED_AT = 100;

/** Null if the values differ, or if there are none. A text may be a number that was quoted. */
export function holdsOf(values: readonly unknown[]): Holds | null {
  const given = values.filter((value) => value !== undefined && value !== null);
  const kinds = new Set(given.map(kindOf));
  const [first] = given;
  // Of several kinds, it counts that none is text, which may name a file, and whether one may be a number.
  if (kinds.size > 1 && kinds.has('text')) return null;
  const kind = MAYBE_NUMBERS.find((one) => kinds.has(one)) ?? kindOf(first);
  if (kind === null) return null;
  return typeof first === 'string' ? { kind, example: first } : { kind };
}

function kindOf(value: unknown): HeldKind | null {
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return 'numbers';
  if (typeof value === 'boolean') return 'booleans';
  if (Array.isArray(value)) return 'lists';
  return typeof value === 'object' && value !== null ? 'objects' : null;
}

const NEVER_TEXT: ReadonlySet<HeldKind> = new Set(['numbers', 'booleans', 'lists', 'objects']);
const MAYBE_NUMBERS: readonly HeldKind[] = ['numbers', 'booleans'];

/** Whether no value of such a column can be a text, or name or hold a file. */
export function feedsNoText({ kind }: Holds): boolean {
  return NEVER_TEXT.has(kind);
}

/** Whether no value of such a column can be a number. A boolean is 0 or 1. */
export function feedsNoNumber({ kind }: Holds): boolean {
  return !MAYBE_NUMBERS.includes(kind);
}

const LONGEST_EXAMPLE = 40;

/** `text such as "4,9"` */
export function inWords({ kind, example }: Holds): string {
  if (example === undefined) return kind;
  return `${kind} such as ${JSON.stringify(shortened(example, LONGEST_EXAMPLE))}`;
}
