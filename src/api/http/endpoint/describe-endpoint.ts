/** The OpenAPI description of an endpoint, and of the ways to send a key. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import { z } from 'zod';
import { ForebayError, type ErrorCode } from '../../../shared/errors.ts';
import { JSON_TYPE } from '../middleware/read-body.ts';
import { PROBLEMS, type ErrorForm } from '../wire/error-form.ts';
import type { Endpoint, Fields, Success } from './endpoint.ts';

type RouteDescription = Parameters<OpenAPIHono['openAPIRegistry']['registerPath']>[0];

/** Problems that the document lists for every endpoint. */
const COMMON: readonly ErrorCode[] = [
  'invalid_request',
  'internal',
  'queue_unavailable',
  'redis_read_only',
  'redis_full',
  'redis_not_saving',
];
/** Problems that the guard returns if a key may be needed. */
const REFUSALS: readonly ErrorCode[] = ['unauthenticated', 'forbidden', 'rate_limited'];
/** Problems with the body of a POST, even if the endpoint needs no body. */
const BODY_PROBLEMS: readonly ErrorCode[] = [
  'request_too_deep',
  'request_too_large',
  'request_timeout',
  'unsupported_media_type',
];

/** The names that the document gives to the two ways to send a key. */
const BEARER = 'BearerKey';
const HEADER = 'HeaderKey';

/** Describes the ways to send a key, once for all endpoints. */
export function describeKeys(app: OpenAPIHono): void {
  const { openAPIRegistry: registry } = app;
  const description =
    'An API key, `fbk_<id>_<secret>`, made with `forebay keys create`. Not needed if the service runs without keys. The roles of an operation are the scopes that it needs. `admin` includes all scopes.';
  registry.registerComponent('securitySchemes', BEARER, { type: 'http', scheme: 'bearer', description });
  registry.registerComponent('securitySchemes', HEADER, {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
    description,
  });
}

export function describeEndpoint<
  P extends Fields,
  Q extends Fields,
  H extends Fields,
  B extends z.ZodType,
  T,
>(endpoint: Endpoint<P, Q, H, B, T>): RouteDescription {
  const scopes = endpoint.access === 'open' || endpoint.access === 'probe' ? [] : [endpoint.access];
  const { params, query, headers, body } = endpoint;
  return {
    method: endpoint.method,
    path: endpoint.path,
    operationId: endpoint.operationId,
    tags: [endpoint.tag],
    summary: endpoint.summary,
    ...describeText(endpoint.description, scopes),
    security: scopes.length === 0 ? [] : [{ [BEARER]: scopes }, { [HEADER]: scopes }],
    request: {
      ...(params && { params }),
      ...(query && { query }),
      ...(headers && { headers }),
      ...(body && { body: { required: true, content: describeBody(body) } }),
    },
    responses: {
      ...Object.fromEntries(endpoint.success.map((success) => [success.status, describeSuccess(success)])),
      ...describeProblems(
        [
          ...endpoint.problems,
          ...(scopes.length === 0 ? [] : REFUSALS),
          ...(endpoint.access === 'probe' ? [] : (['host_not_allowed'] as const)),
          ...(endpoint.method === 'get' ? [] : (['origin_not_allowed'] as const)),
          ...(endpoint.method === 'post' ? BODY_PROBLEMS : []),
          ...(body?.parse && !body.held ? (['too_many_large_requests'] as const) : []),
          ...COMMON,
        ],
        endpoint.errors ?? PROBLEMS,
      ),
    },
  };
}

/** Names the scope in words, too, because viewers of OpenAPI documents do not show the roles of API keys. */
function describeText(description: string | undefined, scopes: readonly string[]): { description?: string } {
  const texts = [description, ...scopes.map((scope) => `Scope: \`${scope}\`.`)].filter(
    (text) => text !== undefined,
  );
  return texts.length === 0 ? {} : { description: texts.join(' ') };
}

function describeBody({ schema, types = [JSON_TYPE] }: { schema: z.ZodType; types?: readonly string[] }) {
  return Object.fromEntries(
    types.map((type) => [type, { schema: type === JSON_TYPE ? schema : contentOf(type) }]),
  );
}

function contentOf(type: string): z.ZodType {
  return type.startsWith('text/') ? z.string() : z.string().meta({ format: 'binary' });
}

function describeSuccess({ description, content, headers }: Success) {
  return {
    description,
    ...(content && {
      content: Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }])),
    }),
    ...(headers && {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, text]) => [
          name,
          { description: text, schema: { type: 'string' as const } },
        ]),
      ),
    }),
  };
}

function describeProblems(codes: readonly ErrorCode[], form: ErrorForm) {
  return Object.fromEntries(
    [...byStatus(codes)].map(([status, ofStatus]) => [
      status,
      {
        description: ofStatus.map((code) => `\`${code}\``).join(', '),
        content: { [form.type]: { schema: form.schema } },
      },
    ]),
  );
}

function byStatus(codes: readonly ErrorCode[]): Map<number, ErrorCode[]> {
  const found = new Map<number, ErrorCode[]>();
  for (const code of new Set(codes)) {
    const { status } = new ForebayError(code, '');
    found.set(status, [...(found.get(status) ?? []), code]);
  }
  return found;
}
