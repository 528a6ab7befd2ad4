/** Parses the body of an online request: a file, a text, or rows as JSON. */
import { isUtf8 } from 'node:buffer';
import { ForebayError, type Issue } from '../../../shared/errors.ts';
import type { RequestedTaskOptions } from '../../../shared/tasks/task-options.ts';
import { IS_BEYOND_DOUBLE, lostNumber } from '../../../shared/text/lost-number.ts';
import type { PredictInput } from '../../online/predict.ts';
import { JSON_TYPE } from '../middleware/read-body.ts';
import { MAX_ISSUES } from '../wire/issues.ts';
import { MAX_PREDICT_ROWS, PREDICT_REST } from '../wire/predict.ts';
import { checkText, fit, notJson, type Parsed } from './parse-json.ts';

export interface ParsedPredict {
  readonly input: PredictInput;
  readonly options: RequestedTaskOptions;
  readonly timeoutMs?: number | undefined;
  readonly priority?: number | undefined;
  /** The ids of JSON rows, some of which may have none. Null: the body is one row, and its answer is one object. */
  readonly ids: readonly (string | number | undefined)[] | null;
}

type Row = Readonly<Record<string, unknown>>;

/** Throws ForebayError `request_too_deep`, `request_too_large`, `invalid_request`. */
export function parsePredict(
  bytes: Buffer | undefined,
  maxDepth: number,
  mediaType: string,
): Parsed<ParsedPredict> {
  if (bytes === undefined) {
    return { ok: false, issues: [{ path: '', message: 'is missing (a file, a text, or rows as JSON)' }] };
  }
  if (mediaType === JSON_TYPE) return parseRows(bytes, maxDepth);
  const one = { options: {}, ids: null };
  if (!mediaType.startsWith('text/')) return { ok: true, value: { ...one, input: { is: 'file', bytes } } };
  if (!isUtf8(bytes)) throw new ForebayError('invalid_request', 'The body is not UTF-8.');
  return { ok: true, value: { ...one, input: { is: 'text', text: bytes.toString('utf8') } } };
}

/** Parsing this many takes about a fifth of a second, in the API and in the worker. */
export const MAX_VALUES = 500_000;
const COMMA = 0x2c;

/** Throws ForebayError `request_too_large`. Commas in texts count, too, because counting must be fast. */
export function checkValues(bytes: Buffer): void {
  let left = MAX_VALUES;
  for (let at = bytes.indexOf(COMMA); at !== -1; at = bytes.indexOf(COMMA, at + 1)) {
    if (--left === 0) {
      throw new ForebayError(
        'request_too_large',
        `The body has more than ${MAX_VALUES} values or commas. Send fewer rows at once, or submit a job.`,
      );
    }
  }
}

function parseRows(bytes: Buffer, maxDepth: number): Parsed<ParsedPredict> {
  checkValues(bytes);
  const text = checkText(bytes, maxDepth).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw notJson((cause as SyntaxError).message, cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { ok: false, issues: [{ path: '', message: 'must be an object with "rows"' }] };
  }
  const { rows, ...rest } = value as { rows?: unknown };
  const issues = issuesOfRows(rows);
  const others = fit(rest, PREDICT_REST);
  if (!others.ok) issues.push(...others.issues);
  if (issues.length > 0 || !others.ok) return { ok: false, issues };
  const given = rows as readonly Row[];
  const { options = {}, timeout_ms, priority } = others.value;
  const ids = given.map(({ id }) => id as string | number | undefined);
  return {
    ok: true,
    value: { input: { is: 'rows', rows: given }, options, timeoutMs: timeout_ms, priority, ids },
  };
}

/** Only what all tasks have in common. A row that its task cannot read becomes an error of its own. */
function issuesOfRows(rows: unknown): Issue[] {
  if (rows === undefined) return [{ path: '/rows', message: 'is missing (a list of objects)' }];
  if (!Array.isArray(rows) || rows.length === 0) {
    return [{ path: '/rows', message: 'must be a list of one or more objects' }];
  }
  if (rows.length > MAX_PREDICT_ROWS) {
    const message = `has ${rows.length} rows; at most ${MAX_PREDICT_ROWS} are answered at once, so send several requests or submit a job`;
    return [{ path: '/rows', message }];
  }
  const issues: Issue[] = [];
  for (const [at, row] of rows.entries()) {
    const path = `/rows/${at}`;
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      issues.push({ path, message: 'must be an object' });
    } else {
      const { id } = row as Row;
      if (id !== undefined && typeof id !== 'string' && typeof id !== 'number')
        issues.push({ path: `${path}/id`, message: 'must be a text or a number' });
      if (Object.hasOwn(row, '__proto__'))
        issues.push({ path: `${path}/__proto__`, message: 'this name cannot be used; choose another' });
      const lost = lostNumber(row);
      if (lost !== null) issues.push({ path: path + lost, message: IS_BEYOND_DOUBLE });
    }
    if (issues.length > MAX_ISSUES) break;
  }
  return issues;
}
