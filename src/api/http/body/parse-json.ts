/** Parses the bytes of a body and checks the value against a schema. */
import { isUtf8 } from 'node:buffer';
import type { z } from 'zod';
import { ForebayError, messageOf, type Issue } from '../../../shared/errors.ts';
import { issuesOf } from '../wire/issues.ts';
import { nestsDeeper } from './json-depth.ts';
import { trimJson } from './trim-json.ts';

/** `issues`: all problems, or at least MAX_ISSUES + 1 of them, so that a caller knows whether there are more. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/** `bytes`: undefined without a body. Throws ForebayError `request_too_deep`, `invalid_request`. */
export function parseJson<S extends z.ZodType>(
  bytes: Buffer | undefined,
  schema: S,
  maxDepth: number,
): Parsed<z.output<S>> {
  if (bytes === undefined) return fit(undefined, schema);
  try {
    return fit(JSON.parse(checkText(bytes, maxDepth).toString()) as unknown, schema);
  } catch (cause) {
    throw cause instanceof SyntaxError ? notJson(messageOf(cause), cause) : cause;
  }
}

/** Returns the text without a byte order mark. `maxDepth`: levels that it may nest. Throws as `parseJson` does. */
export function checkText(bytes: Buffer, maxDepth: number): Buffer {
  if (nestsDeeper(bytes, maxDepth)) {
    throw new ForebayError(
      'request_too_deep',
      `The body nests deeper than ${maxDepth} levels, which no request of this API needs.`,
    );
  }
  if (!isUtf8(bytes)) throw new ForebayError('invalid_request', 'The body is not UTF-8.');
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/** Checks a parsed value against the schema, after cutting lists and objects that are too long. */
export function fit<S extends z.ZodType>(value: unknown, schema: S): Parsed<z.output<S>> {
  const trimmed = trimJson(value);
  const parsed = schema.safeParse(value);
  const issues = [...trimmed, ...(parsed.success ? [] : issuesOf(parsed.error, schema, value))];
  return parsed.success && issues.length === 0 ? { ok: true, value: parsed.data } : { ok: false, issues };
}

export function notJson(why: string, cause: unknown): ForebayError {
  return new ForebayError('invalid_request', `The body is not JSON: ${why}.`, { cause });
}
