/** Finds numbers in JSON that exceed a double. JSON.parse makes them infinite, and JSON.stringify would write null. */
import { jsonPointer } from './json-pointer.ts';

/** What is wrong with such a number, as the rest of a sentence. */
export const IS_BEYOND_DOUBLE = 'is a number beyond 1.8e308, the largest 64-bit float';

/** `value`: of JSON.parse, not nested too deep. Returns the JSON pointer of the first such number, or null. */
export function lostNumber(value: unknown): string | null {
  const path = pathTo(value);
  return path === null ? null : jsonPointer(path.reverse());
}

/** Innermost key first, so that a path is made only if there is one. */
function pathTo(value: unknown): PropertyKey[] | null {
  if (typeof value === 'number') return Number.isFinite(value) ? null : [];
  if (typeof value !== 'object' || value === null) return null;
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) {
      const path = pathTo(value[at]);
      if (path !== null) return [...path, at];
    }
    return null;
  }
  for (const key in value) {
    const path = pathTo((value as Readonly<Record<string, unknown>>)[key]);
    if (path !== null) return [...path, key];
  }
  return null;
}
