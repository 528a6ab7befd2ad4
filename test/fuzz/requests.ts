// Requests to every operation of an OpenAPI document, and to paths that do not exist.
import fc, { type Arbitrary } from 'fast-check';
import type { ApiDocument, ApiOperation } from '../support/api-document.ts';
import { hostile } from './hostile.ts';
import { createArbitraries, type Known } from './of-schema.ts';

export interface FuzzRequest {
  readonly method: string;
  /** Path and query, encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
}

export function requestsOf(document: ApiDocument, known: Known & { readonly id: readonly string[] }) {
  const values = createArbitraries(document.components.schemas, known);
  const id = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...known.id, 'tiny') },
    { weight: 1, arbitrary: fc.oneof(fc.string(), values.nasty) },
  );

  function ofOperation(path: string, method: string, operation: ApiOperation): Arbitrary<FuzzRequest> {
    const parameters = operation.parameters ?? [];
    const inPath = parameters.filter((p) => p.in === 'path');
    const given = (where: string) =>
      fc.record(
        Object.fromEntries(
          parameters.filter((p) => p.in === where).map((p) => [p.name, values.spoilt(p.schema, p.name)]),
        ),
        { requiredKeys: [] },
      );
    const extraQuery = fc.dictionary(fc.string({ minLength: 1 }), fc.string(), { maxKeys: 2 });
    const schema = operation.requestBody?.content['application/json']?.schema;
    return fc
      .record({
        ids: fc.tuple(...inPath.map(() => id)),
        query: given('query'),
        extra: fc.oneof({ weight: 5, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: extraQuery }),
        headers: given('header'),
        body: schema === undefined ? fc.oneof(fc.constant(null), rawBody) : bodyOf(values.spoilt(schema)),
        type: contentType,
      })
      .map(({ ids, query, extra, headers, body, type }) => {
        const filled = inPath.reduce(
          (text, { name }, i) => text.replace(`{${name}}`, () => encode(String(ids[i]))),
          path,
        );
        const search = Object.entries({ ...query, ...extra })
          .map(([name, value]) => `${encode(name)}=${encode(textOf(value))}`)
          .join('&');
        const mayHaveBody = method !== 'get' && body !== null;
        return {
          method: method.toUpperCase(),
          path: search === '' ? filled : `${filled}?${search}`,
          headers: {
            ...headerText(headers),
            ...(mayHaveBody && type !== '' ? { 'content-type': type } : {}),
          },
          body: mayHaveBody ? body : null,
        };
      });
  }

  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ofOperation(path, method, operation)),
  );
  const nowhere: Arbitrary<FuzzRequest> = fc.record({
    method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'),
    path: fc.oneof(
      fc.constantFrom(...Object.keys(document.paths)).map((path) => path.replaceAll(/[{}]/g, '')),
      fc.webPath().map((path) => `/${path.replace(/^\/+/, '')}`),
    ),
    headers: fc.constant({}),
    body: fc.constant(null),
  });
  return fc.oneof(
    ...operations.map((arbitrary) => ({ weight: 4, arbitrary })),
    { weight: 3, arbitrary: nowhere },
    { weight: 4, arbitrary: hostile },
  );
}

const contentType = fc.oneof(
  { weight: 20, arbitrary: fc.constant('application/json') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', 'text/plain', 'application/json; charset=latin1', 'multipart/form-data'),
  },
);

/** Bodies that are not JSON, incomplete JSON, or JSON of an unexpected form. */
const rawBody: Arbitrary<string | Uint8Array> = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.uint8Array({ maxLength: 200 }),
  fc.constantFrom(
    '',
    'null',
    '[]',
    '{',
    '{"a":',
    '"',
    '[[[[[[[[',
    '{"__proto__":{"a":1}}',
    '1e9999',
    '\ufeff{}',
  ),
  fc.integer({ min: 1_000, max: 100_000 }).map((depth) => '['.repeat(depth)),
  fc.integer({ min: 1_000, max: 20_000 }).map((depth) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth)),
);

function bodyOf(value: Arbitrary<unknown>): Arbitrary<string | Uint8Array | null> {
  const text = value.map((body) => JSON.stringify(body) ?? '');
  return fc.oneof(
    { weight: 20, arbitrary: text },
    {
      weight: 1,
      arbitrary: fc
        .tuple(text, fc.double({ min: 0, max: 1, noNaN: true }))
        .map(([t, at]) => t.slice(0, t.length * at)),
    },
    { weight: 1, arbitrary: rawBody },
    { weight: 1, arbitrary: fc.constant(null) },
  );
}

/** Replaces lone surrogates, which cannot be sent. Escapes dots, because the client would resolve "." and "..". */
function encode(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString()).replaceAll('.', '%2E');
}

/** Does not use String(value), because a JSON object may have a `toString` that is not a function. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function headerText(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, textOf(value).replaceAll(/[^\x20-\x7e]/g, '?')]),
  );
}
