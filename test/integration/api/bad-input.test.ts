// Client mistakes over real HTTP: the answer is a 4xx with a code, the field and the fix.
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../../support/api-service.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

interface Problem {
  readonly http: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly { path: string; message: string }[];
}

const good = { model: 'digits-small', input: { type: 'files', path: '.' } };
async function post(path: string, body: object): Promise<Problem> {
  const response = await fetch(api.url + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { http: response.status, ...((await response.json()) as Omit<Problem, 'http'>) };
}
const submit = async (more: object) => post('/v1/jobs', { ...good, ...more });

const LONG = 'x'.repeat(300);
const DEEP = `${'d'.repeat(200)}/`.repeat(20);

describe('an output that cannot be a folder is a bad request', () => {
  it.each([
    ['a NUL', 'a\0b', /NUL/],
    ['a name of 300 characters', LONG, /too long/],
    ['a path of 4,020 characters', DEEP, /too long/],
    ['a name of 100 four-byte characters', '\u{1f4a9}'.repeat(100), /too long/],
  ])('%s', async (_, output, says) => {
    for (const path of ['/v1/jobs', '/v1/plan']) {
      const problem = await post(path, { ...good, output });
      expect([problem.http, problem.code], path).toEqual([400, 'invalid_request']);
      expect(problem.detail).toMatch(says);
      expect(problem.errors).toMatchObject([{ path: '/output', message: expect.stringMatching(says) }]);
    }
    expect((await post('/v1/jobs/resume', { output })).http).toBe(400);
  });

  it('a file, and a path below a file', async () => {
    await writeFile(join(api.folder, 'results', 'a-file'), 'x');
    for (const output of ['a-file', 'a-file/below']) {
      const problem = await submit({ output });
      expect([problem.http, problem.errors?.[0]?.path]).toEqual([400, '/output']);
      expect(problem.detail).toContain('an output is a folder');
    }
  });
});

describe('an input whose name is too long or holds a NUL', () => {
  it.each(['a\0b', 'a\0/*.jpg', LONG, DEEP, `${LONG}/*.jpg`])('%j is refused with a 4xx', async (path) => {
    for (const type of ['files', 'manifest']) {
      const problem = await submit({ input: { type, path } });
      expect(problem.http).toBeGreaterThanOrEqual(400);
      expect(problem.http).toBeLessThan(500);
      expect(problem.code).toMatch(/^(invalid_request|input_)/);
    }
  });

  it('globs, ids, URLs and model names that are long or hold a NUL never cause a 5xx', async () => {
    const wrong = ['\0', `a\0${'y'.repeat(500)}`, '\ud800', '{'.repeat(500), '('.repeat(900)];
    for (const text of wrong) {
      const answers = [
        await submit({ input: { type: 'files', path: '.', include: [text], exclude: [text] } }),
        await submit({ input: { type: 'inline', rows: [{ id: text, data: 'AAAA' }] } }),
        await submit({ input: { type: 'urls', urls: [text] } }),
        await submit({ metadata: { [text.slice(0, 60)]: text.slice(0, 500) } }),
        await submit({ model: text }),
      ];
      for (const { http } of answers) expect(http).toBeLessThan(500);
      expect(answers.at(-1)).toMatchObject({
        code: expect.stringMatching(/^(model_not_found|invalid_request)$/),
      });
    }
  });
});

it('every POST route refuses a body whose Content-Length exceeds every limit, without reading it', async () => {
  // This API requires keys, because the routes for keys refuse every request otherwise.
  const guarded = await startTestApi({}, {});
  try {
    const admin = { name: 'test', tenant: 'default', scopes: ['admin' as const], expiresAt: null };
    const { text: key } = await guarded.keys.create(admin);
    const document = (await (await fetch(`${guarded.url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, object>>;
    };
    // The API reads only the bodies of POST requests.
    const routes = Object.entries(document.paths)
      .filter(([, item]) => 'post' in item)
      .map(([path]) => path.replaceAll(/\{\w+\}/g, 'x'));
    expect(routes.length).toBeGreaterThan(6);
    for (const path of routes) expect(await statusOfHuge(guarded.url + path, 'POST', key), path).toBe(413);
    expect(await statusOfHuge(`${guarded.url}/v1/keys/x`, 'DELETE', key)).toBe(404);
  } finally {
    await guarded.close();
  }
});

/** The status of the answer to a request that announces a gigabyte and never sends it. */
function statusOfHuge(url: string, method: string, key: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': 2 ** 30, 'x-api-key': key };
    const sent = request(url, { method, headers }, (response) => {
      resolve(response.statusCode);
      sent.destroy();
    });
    sent.on('error', reject);
    sent.write('{');
  });
}

describe('an error names', () => {
  it('an unknown model and the nearest known one', async () => {
    const problem = await submit({ model: 'digits-smal' });
    expect([problem.http, problem.code]).toEqual([404, 'model_not_found']);
    expect(problem.detail).toContain('digits-small');
  });

  it('every unknown field with the nearest valid one, and every wrong type, by JSON pointer', async () => {
    const problem = await submit({
      input: { type: 'files', path: 7, inclde: ['*'] },
      options: { batchsize: 4, priority: 'high', 'a/b': 1 },
      webhok: {},
    });
    expect([problem.http, problem.code]).toEqual([400, 'invalid_request']);
    const found = Object.fromEntries(problem.errors!.map(({ path, message }) => [path, message]));
    expect(Object.keys(found).toSorted()).toEqual([
      '/input/inclde',
      '/input/path',
      '/options/a~1b',
      '/options/batchsize',
      '/options/priority',
      '/webhok',
    ]);
    expect(found['/options/batchsize']).toContain('batch_size');
    expect(found['/input/inclde']).toContain('include');
    expect(found['/webhok']).toContain('webhook');
  });

  it('a path that is missing', async () => {
    const problem = await submit({ input: { type: 'files', path: 'nowhere' } });
    expect([problem.http, problem.code]).toEqual([422, 'input_not_found']);
    expect(problem.detail).toContain(join(api.folder, 'input', 'nowhere'));
  });
});
