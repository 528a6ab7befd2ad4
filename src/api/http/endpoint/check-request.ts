/** Checks every part of a request against its endpoint, so that one answer names everything that is wrong. */
import type { Context } from 'hono';
import type { z } from 'zod';
import { ForebayError, type Issue } from '../../../shared/errors.ts';
import { MAX_JSON_DEPTH } from '../body/json-depth.ts';
import { fit, parseJson, type Parsed } from '../body/parse-json.ts';
import { JSON_TYPE, readBody, type BodyAdmission, type BodyLimit } from '../middleware/read-body.ts';
import { checkOrigin } from '../middleware/same-origin.ts';
import { MAX_ISSUES } from '../wire/issues.ts';
import { NO_FIELDS, type CheckedRequest, type Endpoint, type Fields } from './endpoint.ts';

/** A POST that needs no body may still send an empty object. */
const NO_BODY: BodyLimit = { bytes: 64 * 1024, advice: 'This request needs no body.' };

/** Throws ForebayError. */
export async function checkRequest<
  P extends Fields,
  Q extends Fields,
  H extends Fields,
  B extends z.ZodType,
  T,
>(
  c: Context,
  endpoint: Endpoint<P, Q, H, B, T>,
  admission: Pick<BodyAdmission, 'admit' | 'buffers'>,
): Promise<Omit<CheckedRequest<P, Q, H, T>, 'caller'>> {
  if (endpoint.method !== 'get') checkOrigin(c.req.header('origin'), c.req.header('host'));
  const issues: Issue[] = [];
  const part = (parsed: Parsed<unknown>, base: string): unknown => {
    if (parsed.ok) return parsed.value;
    issues.push(...parsed.issues.map(({ path, message }) => ({ path: base + path, message })));
    return undefined;
  };
  const params = part(fit(c.req.param(), endpoint.params ?? NO_FIELDS), '/path');
  const query = part(fit(queryOf(c), endpoint.query ?? NO_FIELDS), '/query');
  const headers = part(fit(pickHeaders(c, endpoint.headers), endpoint.headers ?? NO_FIELDS), '/header');
  let body: unknown;
  if (endpoint.method === 'post') {
    const {
      schema = NO_FIELDS.optional(),
      limit = NO_BODY,
      types = [JSON_TYPE],
      parse,
    } = endpoint.body ?? {};
    const { bytes, type } = await readBody(c, limit, types, admission);
    body = part(
      parse ? await parse(bytes, MAX_JSON_DEPTH, type) : parseJson(bytes, schema, MAX_JSON_DEPTH),
      '',
    );
  }
  if (issues.length > 0) throw invalid(issues);
  return { c, params, query, headers, body } as Omit<CheckedRequest<P, Q, H, T>, 'caller'>;
}

/** An object without a prototype, so that a parameter named `toString` is refused like any unknown one. */
function queryOf(c: Context): Record<string, string> {
  const given = Object.create(null) as Record<string, string>;
  for (const [name, value] of new URL(c.req.url).searchParams) given[name] ??= value;
  return given;
}

function pickHeaders(c: Context, schema: Fields | undefined): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of Object.keys(schema?.shape ?? {})) {
    const value = c.req.header(name);
    if (value !== undefined) found[name] = value;
  }
  return found;
}

function invalid(issues: readonly Issue[]): ForebayError {
  const shown = issues.slice(0, MAX_ISSUES);
  const listed = shown.slice(0, 5).map((i) => `${i.path === '' ? 'the body' : i.path}: ${i.message}`);
  const isMore = issues.length > shown.length;
  const count = isMore ? `more than ${MAX_ISSUES}` : String(issues.length);
  const places = issues.length === 1 ? '' : ` in ${count} places`;
  const more = issues.length > listed.length ? '; ...' : '';
  return new ForebayError('invalid_request', `The request is invalid${places}: ${listed.join('; ')}${more}`, {
    issues: shown,
  });
}
