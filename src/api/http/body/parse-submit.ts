/**
 * Parses the body of a submit, which may list millions of rows. Rows are parsed, checked and packed one by one, so that
 * memory stays near the size of the body.
 */
import { createHash, type Hash } from 'node:crypto';
import type { z } from 'zod';
import { createInlinePacker } from '../../../shared/datasets/inline/pack-inline.ts';
import type { Packer } from '../../../shared/datasets/packer.ts';
import { createUrlPacker, type PackedUrls } from '../../../shared/datasets/urls/pack-urls.ts';
import { ForebayError, messageOf, type Issue } from '../../../shared/errors.ts';
import { IS_BEYOND_DOUBLE, lostNumber } from '../../../shared/text/lost-number.ts';
import { issuesOf, MAX_ISSUES } from '../wire/issues.ts';
import { INLINE_ROW, URL_ROW, type PackedInput } from '../wire/job-input.ts';
import {
  withDefaults,
  SUBMIT_BODY,
  type RequestWithDefaults,
  type SubmitRequest,
} from '../wire/submit-request.ts';
import { elementsOf, extractLists, type ExtractedList } from './extract-lists.ts';
import { checkText, fit, notJson, type Parsed } from './parse-json.ts';
import { trimJson } from './trim-json.ts';

/** Fields of `input` that list rows. */
const ROW_FIELDS = ['urls', 'rows'] as const;
type RowField = (typeof ROW_FIELDS)[number];
const ROW_LISTS = new Map([['input', new Set<string>(ROW_FIELDS)]]);
/** Size limit of a request without its rows. */
const MAX_REST_BYTES = 1024 * 1024;
/** Rows that are checked with the other fields, so that one answer reports all problems of a small request. */
const FIRST_ROWS = MAX_ISSUES + 1;
/** Text is hashed in chunks of this size. */
const DIGEST_CHARS = 64 * 1024;
/** A row with more values is not parsed. An image of 224 x 224 pixels has 150,528 values. */
const MAX_ROW_VALUES = 250_000;

/** Throws ForebayError `request_too_deep`, `request_too_large`, `invalid_request`. */
export function parseSubmit(bytes: Buffer | undefined, maxDepth: number): Parsed<SubmitRequest> {
  if (bytes === undefined) return fit(undefined, SUBMIT_BODY) as Parsed<never>;
  const json = checkText(bytes, maxDepth);
  try {
    return parseText(json);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw notJson(json.length <= MAX_REST_BYTES ? parserMessage(json, cause) : messageOf(cause), cause);
  }
}

function parseText(json: Buffer): Parsed<SubmitRequest> {
  const { rest, lists } = extractLists(json, ROW_LISTS);
  if (rest.length > MAX_REST_BYTES) {
    throw new ForebayError(
      'request_too_large',
      `The body is larger than ${MAX_REST_BYTES / 1024 / 1024} MB without its rows ("urls", "rows"). No other part of a request needs that much.`,
    );
  }
  const value = JSON.parse(rest.toString()) as unknown;
  const extracted = putFirstRows(value, json, lists);
  if (Object.keys(extracted).length < lists.length) {
    // JSON.parse keeps the last of two equal names, so the first list would go unchecked.
    throw new ForebayError('invalid_request', 'The body gives its input or its rows twice. Give them once.');
  }
  const parsed = fit(value, SUBMIT_BODY);
  if (!parsed.ok) return parsed;
  const request = withDefaults(parsed.value);
  const { input } = request;
  if (input.type === 'urls') {
    return packRows(request, 'urls', json, extracted.urls!, URL_ROW, createUrlPacker());
  }
  if (input.type === 'inline') {
    return packRows(request, 'rows', json, extracted.rows!, INLINE_ROW, createInlinePacker());
  }
  return { ok: true, value: { ...request, input, digest: sha256(JSON.stringify(request)).digest('hex') } };
}

/** Replaces the marker of each extracted list with its first rows. */
function putFirstRows(value: unknown, json: Buffer, lists: readonly ExtractedList[]) {
  const { input } = (value ?? {}) as { input?: Record<string, unknown> };
  const extracted: { [Field in RowField]?: ExtractedList } = {};
  for (const field of ROW_FIELDS) {
    const marker = input?.[field];
    if (!Array.isArray(marker)) continue;
    const list = lists[marker[0] as number]!;
    const first: unknown[] = [];
    for (const row of rowsOf(json, list, field)) if (first.push(row) === FIRST_ROWS) break;
    input![field] = first;
    extracted[field] = list;
  }
  return extracted;
}

/** Trims a row as trimJson does, and returns all of its problems that a schema does not find. */
function trimRow(row: unknown, field: RowField, at: number): Issue[] {
  const issues = trimJson(row, ['input', field, String(at)]);
  const lost = lostNumber(row);
  if (lost !== null) issues.push({ path: `/input/${field}/${at}${lost}`, message: IS_BEYOND_DOUBLE });
  return issues;
}

/** Checks, hashes and packs all rows. Stops when there are more than MAX_ISSUES problems. */
function packRows<Row, Packed extends PackedUrls>(
  request: RequestWithDefaults,
  field: RowField,
  json: Buffer,
  list: ExtractedList,
  schema: z.ZodType<Row>,
  packer: Packer<Row, Packed>,
): Parsed<SubmitRequest> {
  // The digest covers the request's whole JSON, which may be too large to build as one string.
  const type = field === 'urls' ? 'urls' : 'inline';
  const shell = JSON.stringify({ ...request, input: { type, [field]: [] } });
  const opening = `"input":{"type":"${type}","${field}":[`;
  const split = shell.indexOf(opening) + opening.length;
  const hash = sha256('');
  let text = shell.slice(0, split);
  const issues: Issue[] = [];
  let at = 0;
  for (const row of rowsOf(json, list, field)) {
    // Listed URLs are plain texts, and there may be millions of them. They have nothing to trim.
    const trimmed = typeof row === 'object' ? trimRow(row, field, at) : [];
    const parsed = schema.safeParse(row);
    if (parsed.success && trimmed.length === 0) {
      if (issues.length === 0) {
        text += (at === 0 ? '' : ',') + JSON.stringify(parsed.data);
        if (text.length > DIGEST_CHARS) {
          hash.update(text);
          text = '';
        }
        packer.add(parsed.data);
      }
    } else {
      issues.push(...trimmed);
      if (!parsed.success) issues.push(...issuesOf(parsed.error, schema, row, `/input/${field}/${at}`));
      if (issues.length > MAX_ISSUES) break;
    }
    at += 1;
  }
  if (issues.length > 0) return { ok: false, issues };
  const digest = hash.update(text + shell.slice(split)).digest('hex');
  const input = { type, packed: packer.end() } as unknown as PackedInput;
  return { ok: true, value: { ...request, input, digest } };
}

/** Throws ForebayError `invalid_request` at a row with too many values. */
function* rowsOf(json: Buffer, list: ExtractedList, field: RowField): Generator {
  let at = 0;
  for (const { start, end, values } of elementsOf(json, list)) {
    if (values > MAX_ROW_VALUES) throw tooManyValues(`/input/${field}/${at}`);
    yield JSON.parse(json.toString('utf8', start, end)) as unknown;
    at += 1;
  }
}

function tooManyValues(path: string): ForebayError {
  const message =
    `has more than ${MAX_ROW_VALUES} values, which is the limit for a row of a request. ` +
    'Send its tensors in base64, or as a line of a JSONL file';
  return new ForebayError('invalid_request', `The row ${path} ${message}.`, { issues: [{ path, message }] });
}

function sha256(text: string): Hash {
  return createHash('sha256').update(text);
}

/** The message of JSON.parse for the whole text, so that its position is the right one. */
function parserMessage(json: Buffer, otherwise: SyntaxError): string {
  try {
    JSON.parse(json.toString());
    return otherwise.message;
  } catch (error) {
    return messageOf(error);
  }
}
