/** What is checked of any parsed JSON, whatever its schema: fields that JavaScript would lose, and endless lists. */
import type { Issue } from '../../../shared/errors.ts';
import { pointer } from '../wire/issues.ts';

/** No list or object of this API has more entries; rows are counted elsewhere. */
const MAX_ENTRIES = 1000;

/**
 * Cuts lists and objects to a length that a schema can be tried on in no time, and says what it cut and which names
 * cannot be kept.
 */
export function trimJson(value: unknown, path: readonly string[] = []): Issue[] {
  if (typeof value !== 'object' || value === null) return [];
  const record = value as Record<string, unknown>;
  const keys = Object.keys(record);
  const found: Issue[] = [];
  if (keys.length > MAX_ENTRIES) {
    found.push({
      path: pointer(path),
      message: `has ${keys.length} entries; at most ${MAX_ENTRIES} are read`,
    });
    if (Array.isArray(value)) value.length = MAX_ENTRIES;
    else for (const key of keys.slice(MAX_ENTRIES)) delete record[key];
  }
  for (const key of keys.slice(0, MAX_ENTRIES)) {
    // Assigning to it sets an object's prototype, so whatever copies a record drops it without a word.
    if (key === '__proto__')
      found.push({ path: pointer([...path, key]), message: 'this name cannot be used; choose another' });
    else found.push(...trimJson(record[key], [...path, key]));
  }
  return found;
}
