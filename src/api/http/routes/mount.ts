/**
 * Mounts an endpoint: who may call it and its schemas go into the OpenAPI document and check each request, all
 * parts at once. Knows nothing of jobs.
 */
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { z } from 'zod';
import { ForebayError, type ErrorCode, type Issue } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/observe/logger.ts';
import type { Caller } from '../middleware/caller.ts';
import type { Access, Guard } from '../middleware/guard.ts';
import { checkOrigin } from '../middleware/same-origin.ts';
import type { LargeBodies } from '../body/large-bodies.ts';
import { fit, parseJson, type Parsed } from '../body/parse-json.ts';
import { readBody, type BodyLimit } from '../middleware/read-body.ts';
import { MAX_ISSUES } from '../wire/issues.ts';
import { PROBLEM } from '../wire/problem.ts';

type Fields = z.ZodObject;

export interface Success {
  readonly status: number;
  readonly description: string;
  /** Media type -> schema of the answer, or of one of its lines. */
  readonly content?: Readonly<Record<string, z.ZodType>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Endpoint<P extends Fields, Q extends Fields, H extends Fields, B extends z.ZodType, T> {
  readonly method: 'get' | 'post' | 'delete';
  /** With parameters as `{name}`. */
  readonly path: string;
  readonly operationId: string;
  readonly tag: string;
  /** The scope that a caller's key needs. */
  readonly access: Access;
  readonly summary: string;
  readonly description?: string;
  readonly params?: P;
  readonly query?: Q;
  /** By lower-case name; other headers are nobody's business. */
  readonly headers?: H;
  readonly body?: {
    readonly schema: B;
    readonly limit: BodyLimit;
    /** For bodies that may be large; otherwise what fits the schema is the body. */
    readonly parse?: (bytes: Buffer<ArrayBuffer> | undefined, maxDepth: number) => Promise<Parsed<T>>;
  };
  readonly success: readonly Success[];
  /** Codes of the problems it may answer, besides those that every endpoint may. */
  readonly problems: readonly ErrorCode[];
}

export interface Request<P extends Fields, Q extends Fields, H extends Fields, T> {
  readonly c: Context;
  readonly caller: Caller;
  readonly params: z.output<P>;
  readonly query: z.output<Q>;
  readonly headers: z.output<H>;
  readonly body: T;
}

export interface MountTarget {
  readonly app: OpenAPIHono;
  readonly guard: Guard;
  /** Levels that the JSON of any body may nest. */
  readonly maxJsonDepth: number;
  readonly largeBodies: LargeBodies;
  readonly log: Logger;
}

const NOTHING = z.strictObject({});
/** What a POST without a body may carry all the same. */
const NO_BODY: BodyLimit = { bytes: 64 * 1024, advice: 'This request needs no body.' };

export function mount<
  P extends Fields = typeof NOTHING,
  Q extends Fields = typeof NOTHING,
  H extends Fields = typeof NOTHING,
  B extends z.ZodType = z.ZodOptional<typeof NOTHING>,
  T = z.output<B>,
>(
  target: MountTarget,
  endpoint: Endpoint<P, Q, H, B, T>,
  handler: (request: Request<P, Q, H, T>) => Promise<Response> | Response,
): void {
  target.app.openAPIRegistry.registerPath(toOpenApi(endpoint));
  const path = endpoint.path.replaceAll(/\{(.+?)\}/g, ':$1');
  target.app.on(endpoint.method.toUpperCase(), path, async (c) => {
    const began = performance.now();
    const caller = await target.guard(
      { header: (name) => c.req.header(name), param: (name) => c.req.param(name) },
      endpoint,
    );
    let done: (() => void) | undefined;
    const admit = async () => {
      done = await target.largeBodies.admit();
    };
    let response: Response;
    try {
      response = await handler({ ...(await check(c, endpoint, target.maxJsonDepth, admit)), caller });
    } finally {
      done?.();
    }
    response.headers.set('X-Content-Type-Options', 'nosniff');
    target.log.debug(
      { method: c.req.method, path: c.req.path, status: response.status, ms: performance.now() - began },
      'request',
    );
    return response;
  });
}

async function check<P extends Fields, Q extends Fields, H extends Fields, B extends z.ZodType, T>(
  c: Context,
  endpoint: Endpoint<P, Q, H, B, T>,
  maxJsonDepth: number,
  admit: () => Promise<void>,
): Promise<Omit<Request<P, Q, H, T>, 'caller'>> {
  if (endpoint.method !== 'get') checkOrigin(c.req.header('origin'), c.req.header('host'));
  const issues: Issue[] = [];
  const part = (parsed: Parsed<unknown>, base: string): unknown => {
    if (parsed.ok) return parsed.value;
    issues.push(...parsed.issues.map(({ path, message }) => ({ path: base + path, message })));
    return undefined;
  };
  const params = part(fit(c.req.param(), endpoint.params ?? NOTHING), '/path');
  const query = part(fit(queryOf(c), endpoint.query ?? NOTHING), '/query');
  const headers = part(fit(pickHeaders(c, endpoint.headers), endpoint.headers ?? NOTHING), '/header');
  let body: unknown;
  if (endpoint.method === 'post') {
    const { schema = NOTHING.optional(), limit = NO_BODY, parse } = endpoint.body ?? {};
    const bytes = await readBody(c, limit, admit);
    body = part(parse ? await parse(bytes, maxJsonDepth) : parseJson(bytes, schema, maxJsonDepth), '');
  }
  if (issues.length > 0) throw invalid(issues);
  return { c, params, query, headers, body } as Omit<Request<P, Q, H, T>, 'caller'>;
}

/** Names like those of an object's own methods are kept, so that they are refused like any other unknown one. */
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
  const count =
    issues.length === 1
      ? 'The request is wrong'
      : `${isMore ? `More than ${MAX_ISSUES}` : issues.length} places of the request are wrong`;
  const more = issues.length > listed.length ? '; ...' : '';
  return new ForebayError('invalid_request', `${count}: ${listed.join('; ')}${more}`, { issues: shown });
}

/** Problems that any endpoint may answer. */
const COMMON: readonly ErrorCode[] = [
  'invalid_request',
  'internal',
  'queue_unavailable',
  'redis_read_only',
  'redis_full',
  'redis_not_saving',
];
/** Those of the guard. */
const REFUSALS: readonly ErrorCode[] = ['unauthenticated', 'forbidden', 'host_not_allowed', 'rate_limited'];

/** Names under which the document has the two ways to send a key. */
const BEARER = 'BearerKey';
const HEADER = 'HeaderKey';

/** Describes the ways to send a key, once for all endpoints. */
export function describeKeys(app: OpenAPIHono): void {
  const { openAPIRegistry: registry } = app;
  const description =
    'An API key, `fbk_<id>_<secret>`, made with `forebay keys create`. Not needed where the service runs without keys. The roles of an operation are the scopes it needs; `admin` has all.';
  registry.registerComponent('securitySchemes', BEARER, { type: 'http', scheme: 'bearer', description });
  registry.registerComponent('securitySchemes', HEADER, {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
    description,
  });
}

function toOpenApi<P extends Fields, Q extends Fields, H extends Fields, B extends z.ZodType, T>(
  endpoint: Endpoint<P, Q, H, B, T>,
): Parameters<OpenAPIHono['openAPIRegistry']['registerPath']>[0] {
  const responses: Record<string, object> = {};
  for (const { status, description, content, headers } of endpoint.success) {
    responses[status] = {
      description,
      ...(content && {
        content: Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }])),
      }),
      ...(headers && {
        headers: Object.fromEntries(
          Object.entries(headers).map(([name, text]) => [
            name,
            { description: text, schema: { type: 'string' } },
          ]),
        ),
      }),
    };
  }
  const scopes = endpoint.access === 'open' || endpoint.access === 'probe' ? [] : [endpoint.access];
  const refusals = scopes.length === 0 ? [] : REFUSALS;
  const ofBody: ErrorCode[] = endpoint.method === 'post' ? ['request_too_deep'] : [];
  if (endpoint.body?.parse) ofBody.push('too_many_large_requests');
  for (const [status, codes] of byStatus([...endpoint.problems, ...refusals, ...ofBody, ...COMMON])) {
    responses[status] = {
      description: codes.map((code) => `\`${code}\``).join(', '),
      content: { 'application/problem+json': { schema: PROBLEM } },
    };
  }
  return {
    method: endpoint.method,
    path: endpoint.path,
    operationId: endpoint.operationId,
    tags: [endpoint.tag],
    summary: endpoint.summary,
    ...(endpoint.description === undefined ? {} : { description: endpoint.description }),
    security: scopes.length === 0 ? [] : [{ [BEARER]: scopes }, { [HEADER]: scopes }],
    request: {
      ...(endpoint.params && { params: endpoint.params }),
      ...(endpoint.query && { query: endpoint.query }),
      ...(endpoint.headers && { headers: endpoint.headers }),
      ...(endpoint.body && {
        body: { required: true, content: { 'application/json': { schema: endpoint.body.schema } } },
      }),
    },
    responses,
  };
}

function byStatus(codes: readonly ErrorCode[]): Map<number, ErrorCode[]> {
  const found = new Map<number, ErrorCode[]>();
  for (const code of new Set(codes)) {
    const { status } = new ForebayError(code, '');
    found.set(status, [...(found.get(status) ?? []), code]);
  }
  return found;
}
