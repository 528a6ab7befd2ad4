/** Turns what a predictor returns into outcomes of rows. */
import { z } from 'zod';
import type { RowError, RowOutcome } from '../../../shared/domain/row.ts';
import { ROW_ERRORS } from '../../../shared/error-guide/row-errors.ts';
import { messageOf } from '../../../shared/errors.ts';
import { ANSWER_FIELD, type ResultSchema } from '../../../shared/tasks/predictor.ts';
import type { Predictor } from '../../../predictor/define-predictor.ts';

export interface AnswerReader {
  /** Never throws. */
  read(answer: unknown): RowOutcome;
}

/** `schema`: the result schema of model.json, or null. `result`: the predictor's own schema. */
export function createAnswerReader(schema: ResultSchema | null, result: Predictor['result']): AnswerReader {
  const declared = schema === null ? null : z.fromJSONSchema(schema as z.core.JSONSchema.JSONSchema);

  function checked(
    answer: unknown,
  ): { readonly ok: true; readonly value: unknown } | { readonly ok: false; why: string } {
    const own = result?.safeParse(answer);
    if (own?.success === false)
      return { ok: false, why: `the answer does not fit "result" of the predictor: ${issuesOf(own.error)}` };
    const value = own === undefined ? answer : own.data;
    const fits = declared?.safeParse(value);
    if (fits?.success === false)
      return { ok: false, why: `the answer does not fit "result" in model.json: ${issuesOf(fits.error)}` };
    return { ok: true, value };
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
        return schema === null
          ? asFields({ [ANSWER_FIELD]: found.value }, [ANSWER_FIELD])
          : asFields(found.value as Record<string, unknown>, Object.keys(schema.properties));
      } catch (error) {
        return invalidAnswer(`the answer is not JSON: ${messageOf(error)}`);
      }
    },
  };
}

/** The fields in the order of the schema, as a table would return them. */
function asFields(value: Readonly<Record<string, unknown>>, fields: readonly string[]): RowOutcome {
  const extra = Object.keys(value).find((key) => !fields.includes(key));
  if (extra !== undefined)
    return invalidAnswer(
      `the answer has the field "${extra}", which "result" in model.json does not declare`,
    );
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

export function invalidAnswer(message: string): RowOutcome & { readonly ok: false } {
  return { ok: false, error: { code: 'invalid_answer', message } };
}

const LONGEST_MESSAGE = 1_000;

/** The error that a predictor has returned for a row. Null if it is an answer. */
function failureIn(answer: unknown): RowError | null {
  if (typeof answer !== 'object' || answer === null || !('error' in answer)) return null;
  const { error } = answer;
  if (typeof error !== 'object' || error === null) return null;
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  const text = (typeof message === 'string' ? message : 'it gave no message').slice(0, LONGEST_MESSAGE);
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

/** What JSON.stringify would change or leave out without a word. Null if nothing. */
function whyNoJson(value: unknown, path = ''): string | null {
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
  if ('toJSON' in value) return null;
  if (value instanceof Map || value instanceof Set) return `${at} is a ${value.constructor.name}`;
  for (const [key, one] of Object.entries(value)) {
    // JSON.stringify leaves it out, and so does everybody who writes optional fields.
    if (one === undefined) continue;
    const why = whyNoJson(one, `${path}.${key}`);
    if (why !== null) return why;
  }
  return null;
}

/** Characters of a path. */
const DEEPEST = 2_000;
