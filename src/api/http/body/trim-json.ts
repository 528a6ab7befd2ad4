/** Trims parsed JSON before validation. It cuts very long lists and reports field names that JavaScript would lose. */
import type { Issue } from '../../../shared/errors.ts';
import { pointer } from '../wire/issues.ts';

/** No list or object of this API has more entries, except the fields of records. Rows are counted elsewhere. */
const MAX_ENTRIES = 1000;

/**
 * Cuts lists and objects to a length that a schema can check quickly. Returns an issue for each cut and for each name that
 * cannot be kept.
 */
export function trimJson(value: unknown, path: readonly string[] = []): Issue[] {
  if (typeof value !== 'object' || value === null) return [];
  const record = value as Record<string, unknown>;
  const keys = Object.keys(record);
  const found: Issue[] = [];
  // The fields of a record belong to the model. There may be one for each column, and no schema walks their values.
  const isRow = path.length === 3 && path[0] === 'input' && path[1] === 'rows';
  if (keys.length > MAX_ENTRIES && !isRow) {
    found.push({
      path: pointer(path),
      message: `has ${keys.length} entries; at most ${MAX_ENTRIES} are read`,
    });
    if (Array.isArray(value)) value.length = MAX_ENTRIES;
    else for (const key of keys.slice(MAX_ENTRIES)) delete record[key];
  }
  for (const key of isRow ? keys : keys.slice(0, MAX_ENTRIES)) {
    // Assigning to this name sets an object's prototype, so code that copies a record would silently drop the field.
    if (key === '__proto__')
      found.push({ path: pointer([...path, key]), message: 'this name cannot be used; choose another' });
    else if (!isRow) found.push(...trimJson(record[key], [...path, key]));
  }
  return found;
}
