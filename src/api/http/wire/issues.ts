/** Turns zod's findings into issues that a person can act on. Unknown and missing fields are named. */
import { z } from 'zod';
import type { Issue } from '../../../shared/errors.ts';
import { jsonPointer } from '../../../shared/text/json-pointer.ts';
import { nearestName } from '../../../shared/text/nearest-name.ts';
import { shortened } from '../../../shared/text/shortened.ts';

type ZodIssue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** A request may have thousands of errors. Nobody reads them all. */
export const MAX_ISSUES = 50;

/**
 * `base`: pointer that every path starts with, such as `/query`. `value`: the parsed value. Returns at most
 * MAX_ISSUES + 1 issues, so that the caller knows whether there are more.
 */
export function issuesOf(error: z.ZodError, schema: z.core.$ZodType, value: unknown, base = ''): Issue[] {
  const found: Issue[] = [];
  for (const issue of error.issues) {
    found.push(...describe(issue, schema, value, base));
    if (found.length > MAX_ISSUES) break;
  }
  return found.slice(0, MAX_ISSUES + 1);
}

function describe(issue: ZodIssue, schema: z.core.$ZodType, value: unknown, base: string): Issue[] {
  if (issue.code === 'unrecognized_keys') {
    const known = [...fieldsAt(schema, issue.path, value)];
    return issue.keys.slice(0, MAX_ISSUES + 1).map((key) => ({
      path: base + pointer([...issue.path, key]),
      message: unknownField(key, known),
    }));
  }
  const path = base + pointer(issue.path);
  const given = valueAt(value, issue.path);
  if (given === undefined) return [{ path, message: `is missing${wanted(issue)}` }];
  // A number of a query comes as a text.
  if (issue.code === 'invalid_type' && typeof given === 'string') {
    if (issue.expected === 'int') return [{ path, message: `must be a whole number, not ${quoted(given)}` }];
    if (issue.message.endsWith('received NaN'))
      return [{ path, message: `must be a number, not ${quoted(given)}` }];
  }
  if (issue.code === 'invalid_union' && issue.message === GENERIC) {
    // The branches that may hold such a value, such as an object.
    const fitting = issue.errors.filter(
      (errors) => !errors.some(({ code, path: at }) => code === 'invalid_type' && at.length === 0),
    );
    if (fitting.length === 1) {
      const inside = fitting[0]!.map((one) => ({ ...one, path: [...issue.path, ...one.path] }));
      return inside.flatMap((one) => describe(one, schema, value, base));
    }
    const branches = issue.errors.map((errors) => errors[0]?.message ?? '').filter((m) => m !== '');
    return [{ path, message: [...new Set(branches)].join(', or ') || GENERIC }];
  }
  return [{ path, message: issue.message }];
}

const MOST_QUOTED = 40;

function quoted(text: string): string {
  return JSON.stringify(shortened(text, MOST_QUOTED));
}

/** Zod's own message, if the schema has none. */
const GENERIC = 'Invalid input';

function unknownField(key: string, known: readonly string[]): string {
  const near = nearestName(key, known);
  if (near !== null) return `unknown field, did you mean "${near}"?`;
  return known.length === 0 ? 'unknown field' : `unknown field; known fields: ${known.join(', ')}`;
}

function wanted(issue: ZodIssue): string {
  if (issue.code === 'invalid_type') return ` (${issue.expected})`;
  return issue.message === GENERIC || issue.message.startsWith('Invalid') ? '' : ` (${issue.message})`;
}

/** Longer names are cut, so that a response is never as long as its request. */
const MAX_NAME_CHARS = 200;

export function pointer(path: Path): string {
  return jsonPointer(path.map((key) => shortened(String(key), MAX_NAME_CHARS)));
}

export function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at;
}

/** Names of the fields that the object at `path` may have. */
function fieldsAt(schema: z.core.$ZodType, path: Path, value: unknown): Set<string> {
  if (schema instanceof z.ZodObject) {
    const shape = schema.shape as Record<string, z.core.$ZodType>;
    if (path.length === 0) return new Set(Object.keys(shape));
    const field = shape[String(path[0])];
    return field ? fieldsAt(field, path.slice(1), valueAt(value, path.slice(0, 1))) : new Set();
  }
  if (schema instanceof z.ZodArray && path.length > 0) {
    return fieldsAt(schema.element, path.slice(1), valueAt(value, path.slice(0, 1)));
  }
  if (schema instanceof z.ZodRecord && path.length > 0) {
    return fieldsAt(schema.valueType, path.slice(1), valueAt(value, path.slice(0, 1)));
  }
  if (schema instanceof z.ZodUnion) {
    const options = schema.options.filter((option) => mayBe(option, value));
    return new Set(options.flatMap((option) => [...fieldsAt(option, path, value)]));
  }
  if (schema instanceof z.ZodPipe) return fieldsAt(schema.in, path, value);
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  ) {
    return fieldsAt(schema.unwrap(), path, value);
  }
  return new Set();
}

/** Whether a branch of a union matches the literal fields of the value, such as its `type`. */
function mayBe(option: z.core.$ZodType, value: unknown): boolean {
  if (!(option instanceof z.ZodObject) || typeof value !== 'object' || value === null) return true;
  return Object.entries(option.shape as Record<string, z.core.$ZodType>).every(
    ([key, field]) =>
      !(field instanceof z.ZodLiteral) || field.safeParse((value as Record<string, unknown>)[key]).success,
  );
}
