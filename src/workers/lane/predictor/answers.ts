/** Turns what a predictor returns into outcomes of rows. */
import { z } from 'zod';
import type { DeclaredResult } from '../../../shared/domain/model/hooks-config.ts';
import type { ResultColumn } from '../../../shared/domain/job/part-format.ts';
import type { FailedOutcome, RowError, RowOutcome } from '../../../shared/domain/row.ts';
import { ROW_ERRORS } from '../../../shared/error-guide/row-errors.ts';
import { messageOf } from '../../../shared/errors.ts';
import { parquetValue } from '../../../shared/sinks/parquet/parquet-values.ts';
import { cellsOf } from '../../../shared/sinks/table/cells.ts';
import { UnfitValue } from '../../../shared/sinks/table/encode-rows.ts';
import { columnsOfFields } from '../../../shared/tasks/result-columns.ts';
import { ANSWER_FIELD } from '../../../shared/tasks/predictor.ts';
import type { Predictor } from '../../../predictor/define-predictor.ts';
import { createMemberCheck } from './undeclared-member.ts';

export interface AnswerReader {
  /** Never throws. */
  read(answer: unknown): RowOutcome;
}

/** What messages call the two schemas. */
export interface SchemaNames {
  readonly declared: string;
  /** How to allow other fields. Empty if `declared` says it. */
  readonly advice: string;
  readonly own: string;
}

const OF_PREDICTOR: SchemaNames = {
  declared: '"result" in model.json',
  advice: '',
  own: '"result" of the predictor',
};

/** `schema`: from model.json or from the task. Null: there is none. `result`: the schema that the code declares. */
export function createAnswerReader(
  schema: DeclaredResult | null,
  result: Predictor['result'],
  names: SchemaNames = OF_PREDICTOR,
): AnswerReader {
  const declared = schema === null ? null : z.fromJSONSchema(schema as z.core.JSONSchema.JSONSchema);

  function checked(
    answer: unknown,
  ): { readonly ok: true; readonly value: unknown } | { readonly ok: false; why: string } {
    const own = result?.safeParse(answer);
    if (own?.success === false)
      return { ok: false, why: `the answer does not fit ${names.own}: ${issuesOf(own.error)}` };
    const value = own === undefined ? answer : own.data;
    const fits = declared?.safeParse(value);
    if (fits?.success === false)
      return {
        ok: false,
        why: `the answer does not fit ${names.declared}: ${issuesOf(fits.error)}${names.advice}`,
      };
    return { ok: true, value };
  }

  const all = schema === null ? [] : columnsOfFields({ required: [], ...schema });
  const columns = all.filter(isOpen);
  const members = createMemberCheck(all);

  /** A schema may leave open what a column does not, such as the label of the first class. */
  function whyUnfit(result: string): string | null {
    if (columns.length === 0) return null;
    try {
      for (const [i, cell] of cellsOf(columns, result).entries()) parquetValue(columns[i]!, cell);
      return null;
    } catch (error) {
      if (error instanceof UnfitValue) return error.message;
      throw error;
    }
  }

  return {
    read(answer) {
      // Getters, proxies and toJSON are code, too.
      try {
        const failure = failureIn(answer);
        if (failure !== null) return { ok: false, error: failure };
        const found = checked(answer);
        if (!found.ok) return invalidAnswer(found.why);
        const why = whyNoJson(found.value);
        if (why !== null) return invalidAnswer(`the answer is not JSON: ${why}`);
        if (schema === null) return asFields({ [ANSWER_FIELD]: found.value }, [ANSWER_FIELD], names);
        const fields = found.value as Record<string, unknown>;
        const lost = members.find(fields);
        if (lost !== null) return notDeclared(lost, names);
        const outcome = asFields(fields, Object.keys(schema.properties), names);
        const unfit = outcome.ok ? whyUnfit(outcome.result) : null;
        return unfit === null ? outcome : invalidAnswer(unfit);
      } catch (error) {
        return invalidAnswer(`the answer is not JSON: ${messageOf(error)}`);
      }
    },
  };
}

/** Whether the schema alone does not ensure that values fit. It does for long lists of numbers, which would take time. */
function isOpen({ type }: ResultColumn): boolean {
  return typeof type === 'string' || !('list' in type) || typeof type.list !== 'string';
}

/** The fields in the order of the schema, as a table would return them. */
function asFields(
  value: Readonly<Record<string, unknown>>,
  fields: readonly string[],
  names: SchemaNames,
): RowOutcome {
  const extra = Object.keys(value).find((key) => !fields.includes(key));
  if (extra !== undefined) return notDeclared(extra, names);
  const members: string[] = [];
  for (const field of fields) {
    if (value[field] === undefined) continue;
    // A method toJSON may return undefined.
    const text = JSON.stringify(value[field]) as string | undefined;
    if (text === undefined)
      return invalidAnswer(`the answer is not JSON: toJSON of ${field} returns nothing`);
    members.push(`${JSON.stringify(field)}:${text}`);
  }
  return members.length === 0
    ? invalidAnswer('the answer has no fields')
    : { ok: true, result: members.join(',') };
}

function notDeclared(field: string, { declared, advice }: SchemaNames): FailedOutcome {
  return invalidAnswer(`the answer has the field "${field}", which ${declared} does not declare${advice}`);
}

export function invalidAnswer(message: string): FailedOutcome {
  return { ok: false, error: { code: 'invalid_answer', message } };
}

const LONGEST_MESSAGE = 1_000;

/** The error that a predictor has returned for a row. Null if it is an answer. */
export function failureIn(answer: unknown): RowError | null {
  if (typeof answer !== 'object' || answer === null || !('error' in answer)) return null;
  const { error } = answer;
  if (typeof error !== 'object' || error === null) return null;
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  const isText = typeof message === 'string' && message.trim() !== '';
  const text = (isText ? message : 'it gave no message').slice(0, LONGEST_MESSAGE);
  if (typeof code !== 'string') return { code: 'predictor_error', message: text };
  return isRowError(code)
    ? { code, message: text }
    : { code: 'predictor_error', message: `${code.slice(0, 64)}: ${text}` };
}

function isRowError(code: string): code is keyof typeof ROW_ERRORS {
  return Object.hasOwn(ROW_ERRORS, code);
}

function issuesOf({ issues }: z.ZodError): string {
  const [first] = issues;
  const more = issues.length > 1 ? `, and ${issues.length - 1} more` : '';
  const place = first!.path.length === 0 ? '' : `${first!.path.join('.')}: `;
  return `${place}${first!.message}${more}`;
}

/**
 * What JSON.stringify would change or leave out without a word. Null if nothing, or if toJSON of the whole value returns
 * nothing. `isFromToJson`: its own toJSON is not called, as JSON.stringify calls it once.
 */
export function whyNoJson(value: unknown, path = '', isFromToJson = false): string | null {
  const at = path === '' ? 'it' : path.slice(1);
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return null;
  if (typeof value === 'number') return Number.isFinite(value) ? null : `${at} is ${value}`;
  if (value === undefined) return `${at} is undefined`;
  if (typeof value !== 'object') return `${at} is a ${typeof value}`;
  if (ArrayBuffer.isView(value)) return `${at} is a ${value.constructor.name}; use Array.from`;
  if (path.length > DEEPEST) return `${at.slice(0, 40)}... is too deep, or contains itself`;
  if (Array.isArray(value)) {
    for (const [i, one] of value.entries()) {
      const why = whyNoJson(one, `${path}.${i}`);
      if (why !== null) return why;
    }
    return null;
  }
  if (value instanceof Date && Number.isNaN(value.getTime())) return `${at} is a Date without a time`;
  const { toJSON } = value as { readonly toJSON?: unknown };
  if (!isFromToJson && typeof toJSON === 'function') {
    const written: unknown = toJSON.call(value, path.slice(path.lastIndexOf('.') + 1));
    if (written === undefined) return path === '' ? null : `toJSON of ${at} returns nothing`;
    return whyNoJson(written, path, true);
  }
  const type = Object.prototype.toString.call(value).slice('[object '.length, -1);
  if (type === 'Number') return whyNoJson(Number(value), path);
  if (!SURVIVES.has(type)) return `${at} is ${type === 'Error' ? 'an' : 'a'} ${type}${HINTS.get(type) ?? ''}`;
  for (const [key, one] of Object.entries(value)) {
    // JSON.stringify leaves it out, and so does everybody who writes optional fields.
    if (one === undefined || (isFromToJson && key === 'toJSON')) continue;
    const why = whyNoJson(one, `${path}.${key}`);
    if (why !== null) return why;
  }
  return null;
}

/** JSON.stringify turns objects of other types into {}, such as a Map or a Promise. */
const SURVIVES: ReadonlySet<string> = new Set(['Object', 'String', 'Boolean']);
const HINTS: ReadonlyMap<string, string> = new Map([
  ['Promise', '; await it'],
  ['Error', '; the error of a row is { error: { message } }'],
]);

/** Characters of a path. */
const DEEPEST = 2_000;
