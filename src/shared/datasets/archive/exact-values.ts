/** Keeps the text of values that JavaScript would round, because they hold long whole numbers. Joins copy this text. */
import { compactJson } from '../../text/compact-json.ts';
import { rawFields } from '../../text/raw-fields.ts';

/** A whole number of 15 digits is always exact. */
const LONG_NUMBER = /\d{16}/;
const WHOLE = /^-?(?:0|[1-9]\d*)$/;

/** JSON by the name of the column. */
export type ExactValues = ReadonlyMap<string, string>;

export function createExactValues() {
  const fields = new Map<string, string>();
  const members = new Map<string, string | null>();
  return {
    /** `value`: of the member, which is `text`. The fields of an object are columns, too. */
    add(member: string, text: string, value: unknown): void {
      const isLong = LONG_NUMBER.test(text);
      members.set(member, isLong ? exactOf(text, value) : null);
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
      // If two JSON members have the same field, the later one counts.
      for (const name of Object.keys(value)) fields.delete(name);
      if (!isLong) return;
      for (const [name, raw] of rawFields(text)) {
        const exact = LONG_NUMBER.test(raw) ? exactOf(raw, (value as Record<string, unknown>)[name]) : null;
        if (exact !== null) fields.set(name, exact);
      }
    },
    /** A member takes precedence over a field of the same name. */
    all(): ExactValues {
      const all = new Map(fields);
      for (const [name, text] of members) {
        if (text === null) all.delete(name);
        else all.set(name, text);
      }
      return all;
    },
  };
}

/** Null if the value itself is exact. */
function exactOf(text: string, value: unknown): string | null {
  if (typeof value === 'object' && value !== null) return compactJson(text);
  const isRounded = Number.isInteger(value) && !Number.isSafeInteger(value) && WHOLE.test(text.trim());
  return isRounded ? text.trim() : null;
}
