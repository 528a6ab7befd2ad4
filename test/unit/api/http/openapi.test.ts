import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { createApp, type AppDeps } from '#forebay/api/http/app.js';
import type { ApiDocument, ApiSchema } from '../../../support/api-document.ts';
import { SCOPE_MEANINGS, type Scope } from '#forebay/shared/domain/scope.js';
import { ERROR_ADVICE } from '#forebay/shared/error-guide/error-guide.js';
import { ERROR_CODES, type ErrorCode } from '#forebay/shared/errors.js';

// The document needs none of the dependencies of the routes.
const app = createApp({
  emit: () => undefined,
  version: '1.2.3',
} as unknown as AppDeps);
const document = (await (await app.request('/openapi.json')).json()) as ApiDocument & { openapi: string };
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

/** Pages for people, which no program calls. */
const PAGES = /^\/($|dashboard\/|docs\/|ops\/)/;

function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' && typeof inner === 'string' ? [inner] : refsIn(inner),
  );
}

describe('the OpenAPI document', () => {
  it('has version 3.1 and names the version of the service', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.info.version).toBe('1.2.3');
  });

  it('has every route of the app and no other', () => {
    const mounted = app.routes
      .filter((route) => !PAGES.test(route.path))
      .map((route) => `${route.method} ${route.path.replaceAll(/:([^/]+)/g, '{$1}')}`);
    const described = operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`);
    expect(described.toSorted()).toEqual([...new Set(mounted)].toSorted());
    expect(described).toHaveLength(50);
  });

  it('carries the cause and fix of every error code', () => {
    const { enum: codes, 'x-enumDescriptions': texts } = document.components.schemas['ErrorCode'] as {
      enum: ErrorCode[];
      'x-enumDescriptions': Record<string, string>;
    };
    expect(codes).toEqual(ERROR_CODES);
    for (const code of codes) {
      expect(texts[code]).toBe(`${ERROR_ADVICE[code].cause} ${ERROR_ADVICE[code].fix}`);
    }
  });

  it('says what each scope of a key allows', () => {
    const { enum: scopes, description } = document.components.schemas['Scope'] as {
      enum: Scope[];
      description: string;
    };
    for (const scope of scopes) expect(description).toContain(`${scope}: ${SCOPE_MEANINGS[scope]}`);
  });

  it('has no dangling reference', () => {
    for (const ref of refsIn(document)) {
      const name = /^#\/components\/schemas\/(\w+)$/.exec(ref)?.[1];
      expect(document.components.schemas, ref).toHaveProperty(name ?? ref);
    }
  });

  it('gives every operation a unique id, a known tag, a summary, a success response and problem responses', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(ids).toEqual([...new Set(ids)]);
    const tags = document.tags.map((tag) => tag.name);
    for (const { path, operation } of operations) {
      const [type, form] = path.startsWith('/v2')
        ? ['application/json', 'OipError']
        : ['application/problem+json', 'Problem'];
      expect(operation.summary).not.toBe('');
      expect(operation.tags.every((tag) => tags.includes(tag))).toBe(true);
      const responses = Object.entries(operation.responses);
      expect(responses.some(([status]) => status.startsWith('2'))).toBe(true);
      for (const [status, response] of responses.filter(([s]) => Number(s) >= 400)) {
        const problem = response.content?.[type!]?.schema.$ref;
        expect(problem, `${operation.operationId} ${status}`).toBe(`#/components/schemas/${form}`);
      }
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['400', '500', '503']));
    }
  });

  it('names the scope that each operation needs, and no scope for open operations', () => {
    const open = operations.filter(({ operation }) => operation.security?.length === 0);
    expect(open.map(({ path }) => path).toSorted()).toEqual([
      '/docs',
      '/healthz',
      '/openapi.json',
      '/readyz',
      '/v2',
      '/v2/health/live',
      '/v2/health/ready',
    ]);
    for (const { path, method, operation } of operations) {
      if (operation.security!.length === 0) continue;
      const ofModels = /\/(predict|infer)$/.test(path) ? 'models:predict' : 'models:write';
      const lists = path === '/v2/repository/index';
      const writes = lists ? 'jobs:read' : /^\/(v1\/models|v2)/.test(path) ? ofModels : 'jobs:write';
      const service = /^\/(metrics|v1\/(workers|queues|scale.*))$/.test(path);
      const reads = service ? 'service:read' : 'jobs:read';
      const admin = /^\/v1\/(keys|workers\/)/.test(path);
      const scope = admin ? 'admin' : method === 'get' ? reads : writes;
      expect(operation.security, operation.operationId).toEqual([
        { BearerKey: [scope] },
        { HeaderKey: [scope] },
      ]);
      expect(operation.description, operation.operationId).toContain(`Scope: \`${scope}\`.`);
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['401', '403', '421', '429']));
    }
    expect(document.components).toHaveProperty('securitySchemes.BearerKey.scheme', 'bearer');
    expect(document.components).toHaveProperty('securitySchemes.HeaderKey.name', 'X-API-Key');
  });

  /** The codes that the document declares for an operation. */
  const declared = (operation: (typeof operations)[number]['operation']) =>
    Object.values(operation.responses).flatMap(({ description }) =>
      [...description.matchAll(/`(\w+)`/g)].map((match) => match[1]!),
    );

  it.each(['submitJob', 'retryJob', 'resumeOutput'])('declares every problem of a new job for %s', (id) => {
    const { operation } = operations.find((one) => one.operation.operationId === id)!;
    expect(declared(operation)).toEqual(
      expect.arrayContaining([
        'model_not_found',
        'output_in_use',
        'output_changed',
        'url_not_allowed',
        'too_many_jobs',
        'quota_jobs',
        'quota_rows',
        'quota_bytes',
        'storage_unavailable',
      ]),
    );
  });

  it('declares the problems of each kind of request', () => {
    for (const { path, method, operation } of operations) {
      const expected = path.startsWith('/v1/jobs/{id}') ? ['job_not_found', 'newer_version'] : [];
      if (operation.operationId === 'submitJob') expected.push('request_in_progress', 'newer_version');
      if (/Results|Errors/.test(operation.operationId)) expected.push('not_found', 'output_changed');
      if (method !== 'get') expected.push('origin_not_allowed');
      if (method === 'post') expected.push('request_too_large', 'unsupported_media_type');
      if (!/^\/(healthz|readyz|v2\/health)/.test(path)) expected.push('host_not_allowed');
      expect(declared(operation), operation.operationId).toEqual(expect.arrayContaining(expected));
    }
  });

  it('describes exactly the parameters of each path', () => {
    for (const { path, operation } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const described = (operation.parameters ?? []).filter((p) => p.in === 'path').map((p) => p.name);
      expect(described).toEqual(inPath);
    }
  });

  it('has schemas that compile, and examples that they accept', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'api', components: document.components });
    let examples = 0;
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      const validate = ajv.compile({ $ref: `api#/components/schemas/${name}` });
      for (const example of (schema as ApiSchema).examples ?? []) {
        expect(validate(example), `${name}: ${JSON.stringify(validate.errors)}`).toBe(true);
        examples += 1;
      }
    }
    expect(examples).toBeGreaterThan(5);
  });
});
