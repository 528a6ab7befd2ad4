// The API's documentation page, as a browser receives it.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCOPES } from '#forebay/shared/domain/scope.js';
import { ERROR_ADVICE } from '#forebay/shared/error-guide/error-guide.js';
import { ERROR_CODES } from '#forebay/shared/errors.js';
import type { ApiDocument } from '#forebay/api/http/docs-page/api-document.js';
import { startTestApi, type TestApi } from '../support/api-service.ts';

let api: TestApi;
let page: string;
let headers: Headers;
beforeAll(async () => {
  api = await startTestApi();
  const response = await fetch(`${api.url}/docs`);
  headers = response.headers;
  page = await response.text();
});
afterAll(() => api.close());

describe('the documentation page', () => {
  it('needs no script and no other host', () => {
    expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|javascript:/i);
    const hosts = [...page.matchAll(/https?:\/\/([^\s/"'&<]+)/g)].map((match) => match[1]);
    // example.org occurs as text in the example of a webhook.
    expect(new Set(hosts)).toEqual(new Set(['127.0.0.1:8080', 'example.org']));
    for (const [, target] of page.matchAll(/href="([^"]*)"/g))
      expect(target).toMatch(/^(#|\/openapi\.json$)/);
  });

  it('has a content security policy that allows only its own style', () => {
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)![1]!;
    const hash = createHash('sha256').update(style).digest('base64');
    const policy = headers.get('content-security-policy');
    expect(policy).toContain(`style-src 'sha256-${hash}'`);
    expect(policy).toContain("default-src 'none'");
    expect(page).not.toMatch(/ style="/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
  });

  it('shows every operation, schema and error code, and every link within it has a target', async () => {
    const document = (await (await fetch(`${api.url}/openapi.json`)).json()) as ApiDocument;
    const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]));
    for (const methods of Object.values(document.paths)) {
      for (const operation of Object.values(methods)) expect(ids).toContain(operation.operationId);
    }
    for (const name of Object.keys(document.components.schemas)) expect(ids).toContain(`schema-${name}`);
    for (const code of ERROR_CODES) expect(ids).toContain(`error-${code}`);
    for (const [, anchor] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(anchor);
  });

  it('explains how to create a key, how to send it, and what each scope allows', () => {
    const section = /<section id="authentication">([\s\S]*?)<\/section>/.exec(page)![1]!;
    expect(section).toContain('forebay keys create --name me --scope admin');
    expect(section).toContain('-H &quot;Authorization: Bearer $FOREBAY_API_KEY&quot;');
    expect(section).toContain('-H &quot;X-API-Key: $FOREBAY_API_KEY&quot;');
    for (const scope of SCOPES) {
      expect(section).toMatch(new RegExp(`<td><code>${scope}</code></td>\\s*<td>[A-Z][^<]{20,}</td>`));
    }
  });

  it('gives the cause and the fix of every error code', () => {
    const textOf = (markup: string) =>
      markup
        .replaceAll(/<[^>]+>/g, '')
        .replaceAll('&#39;', "'")
        .replaceAll('&quot;', '"');
    for (const code of ERROR_CODES) {
      const row = new RegExp(`<tr id="error-${code}">([\\s\\S]*?)</tr>`).exec(page)![1]!;
      const { cause, fix } = ERROR_ADVICE[code];
      for (const text of [cause, fix]) expect(textOf(row), code).toContain(text.replaceAll('`', ''));
    }
  });

  it('has the anchor that the type of an error response links to', async () => {
    const problem = (await (await fetch(`${api.url}/v1/jobs/job_none`)).json()) as { type: string };
    const [path, anchor] = problem.type.split('#');
    expect(path).toBe('/docs');
    expect(page).toContain(`id="${anchor}"`);
  });

  it('has balanced markup without unrendered values', () => {
    expect(page).not.toMatch(/\[object Object\]|undefined|&amp;lt;/);
    const open: string[] = [];
    for (const [, close, name, rest] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)\b([^>]*)>/g)) {
      if (['meta', 'br'].includes(name!) || rest!.endsWith('/')) continue;
      if (close) expect(open.pop()).toBe(name);
      else open.push(name!);
    }
    expect(open).toEqual([]);
  });
});
