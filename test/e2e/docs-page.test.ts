// The API's documentation page, as a browser receives it. dashboard.test.ts shows it in a browser.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCOPES } from '#forebay/shared/domain/scope.js';
import { ERROR_ADVICE } from '#forebay/shared/error-guide/error-guide.js';
import { ERROR_CODES } from '#forebay/shared/errors.js';
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
  it('has no inline script or style, and names no other host', () => {
    expect(page).not.toMatch(/<style|<img|<iframe|@import|javascript:| style="| on\w+="/i);
    for (const [, content] of page.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)) expect(content).toBe('');
    const hosts = [...page.matchAll(/https?:\/\/([^\s/"'&<]+)/g)].map((match) => match[1]);
    expect(new Set(hosts)).toEqual(new Set(['127.0.0.1:8080']));
    for (const [, target] of page.matchAll(/(?:href|src)="([^"]*)"/g))
      expect(target).toMatch(/^(#|\/|data:,$)/);
  });

  it('has a content security policy that allows only its own files and the API', () => {
    expect(headers.get('content-security-policy')!.split('; ').toSorted()).toEqual([
      "base-uri 'none'",
      "connect-src 'self'",
      "default-src 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      'img-src data: blob:',
      "script-src 'self'",
      "style-src 'self'",
    ]);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-cache');
  });

  it('loads the library as it was published, compressed, and once per version', async () => {
    const library = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
    for (const [name, encodings] of [
      ['swagger-ui-bundle.js', { 'gzip, br': 'gzip' }],
      ['swagger-ui.css', { gzip: 'gzip', identity: null, 'gzip;q=0': null }],
    ] as const) {
      const at = `${api.url}${new RegExp(`/docs/${name}\\?v=\\w+`).exec(page)![0]}`;
      const published = readFileSync(join(library, name), 'utf8');
      for (const [accepted, encoding] of Object.entries(encodings)) {
        const response = await fetch(at, { headers: { 'Accept-Encoding': accepted } });
        expect(response.headers.get('content-encoding'), accepted).toBe(encoding);
        expect(response.headers.get('vary')).toBe('Accept-Encoding');
        expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
        expect((await response.text()) === published).toBe(true);
      }
      expect((await fetch(at.replace(/v=.*/, 'v=old'))).headers.get('cache-control')).toBe('no-cache');
    }
    const licenses = await (await fetch(`${api.url}/docs/swagger-ui-bundle.js.LICENSE.txt`)).text();
    for (const text of ['SmartBear', 'Apache License', 'MIT']) expect(licenses).toContain(text);
  });

  it('shows every error code, and every link within it has a target', () => {
    const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]));
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
