// Who may do what: keys, scopes, tenants and quotas, over real HTTP and Redis.
import { mkdir, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '#forebay/client/client.js';
import type { Scope } from '#forebay/shared/domain/scope.js';
import type { ApiDocument } from '#forebay/api/http/docs-page/api-document.js';
import { startTestApi, type TestApi } from '../support/api-service.ts';

const FOLDER = { model: 'digits-small', input: { type: 'files', path: '.' } };
const inline = (rows: number) => ({
  model: 'digits-small',
  input: { type: 'inline', rows: Array.from({ length: rows }, (_, i) => ({ id: `r${i}`, data: 'AAAA' })) },
});

let api: TestApi;
let reader: string, alice: string, bob: string, admin: string;
beforeAll(async () => {
  api = await startTestApi({}, {});
  reader = await keyFor(['jobs:read'], 'alice');
  alice = await keyFor(['jobs:read', 'jobs:write'], 'alice');
  bob = await keyFor(['jobs:read', 'jobs:write'], 'bob');
  admin = await keyFor(['admin'], 'default');
});
afterAll(() => api.close());

async function keyFor(scopes: Scope[], tenant: string, of = api, expiresAt: number | null = null) {
  return (await of.keys.create({ name: 'test', tenant, scopes, expiresAt })).text;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

async function send(key: string | null, method: string, path: string, body?: unknown, more = {}, of = api) {
  const response = await fetch(of.url + path, {
    method,
    headers: {
      ...(key !== null && { Authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...more,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') && text.startsWith('{');
  return {
    status: response.status,
    headers: response.headers,
    body: isJson && !response.headers.get('content-type')?.includes('ndjson') ? JSON.parse(text) : {},
  } as Answer;
}

const submit = async (key: string, body: object = FOLDER, more = {}) =>
  (await send(key, 'POST', '/v1/jobs', body, more)).body as { id: string; output: string; tenant: string };

describe('without a valid key', () => {
  it('every route but health and the description is refused, and the answer says how to send one', async () => {
    const { body: document } = await send(null, 'GET', '/openapi.json');
    const { paths } = document as unknown as ApiDocument;
    const open: string[] = [];
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const url = path.replace('{id}', 'job_1').replace('{name}', 'digits-small');
        const answer = await send(null, method.toUpperCase(), url, method === 'post' ? {} : undefined);
        if (operation.security!.length === 0) {
          open.push(path);
          expect(answer.status, path).toBe(200);
          continue;
        }
        expect([answer.status, answer.body['code']], `${method} ${path}`).toEqual([401, 'unauthenticated']);
        expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
        expect(operation.responses).toHaveProperty('401');
        expect(operation.responses).toHaveProperty('403');
      }
    }
    expect(open.toSorted()).toEqual(['/docs', '/healthz', '/openapi.json', '/readyz']);
  });

  it('a wrong secret, an unknown id, an expired and a revoked key are the same', async () => {
    const wrong = alice.slice(0, -4) + (alice.endsWith('AAAA') ? 'BBBB' : 'AAAA');
    const unknown = alice.replace(/^fbk_[0-9a-f]{16}/, 'fbk_0000000000000000');
    const expired = await keyFor(['admin'], 'default', api, Date.now() - 1);
    const revoked = await keyFor(['admin'], 'default');
    expect((await send(revoked, 'GET', '/v1/jobs')).status).toBe(200);
    await api.keys.revoke(revoked.split('_')[1]!);
    const answers = await Promise.all(
      [wrong, unknown, expired, revoked, 'x', '{}'].map((key) => send(key, 'GET', '/v1/jobs')),
    );
    for (const answer of answers) expect(answer).toMatchObject({ status: 401, body: answers[0]!.body });
  });

  it('the secret is nowhere in Redis and in no log line', async () => {
    const secret = alice.split('_').slice(2).join('_');
    const kept = JSON.stringify(await api.redis.hgetall('forebay:{index}:keys'));
    expect(kept).not.toContain(secret);
    expect(kept).toContain(alice.split('_')[1]);
    await submit(alice);
    expect(JSON.stringify(api.logged)).not.toContain(secret);
  });
});

describe('a key', () => {
  it('is taken as a bearer token and as X-API-Key, and by the client', async () => {
    expect((await send(null, 'GET', '/v1/jobs', undefined, { 'X-API-Key': reader })).status).toBe(200);
    expect(
      (await send(null, 'GET', '/v1/jobs', undefined, { Authorization: `bearer  ${reader}` })).status,
    ).toBe(200);
    expect((await send(null, 'GET', `/v1/jobs?key=${reader}`)).status).toBe(401);
    const client = createClient({ url: api.url, apiKey: alice });
    const job = await client.submit(FOLDER as never);
    expect((await client.job(job.id)).tenant).toBe('alice');
    await expect(createClient({ url: api.url }).jobs()).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('may do what its scopes say; the refusal names the one that is missing', async () => {
    expect((await send(reader, 'GET', '/v1/models')).status).toBe(200);
    const answer = await send(reader, 'POST', '/v1/jobs', FOLDER);
    expect([answer.status, answer.body['code']]).toEqual([403, 'forbidden']);
    expect(answer.body['detail']).toContain('"jobs:write"');
    expect((await send(alice, 'GET', '/v1/keys')).body['detail']).toContain('"admin"');
    expect((await send(alice, 'POST', '/v1/keys', { name: 'x', scopes: ['admin'] })).status).toBe(403);
  });

  it('is made, listed and revoked over HTTP by an admin', async () => {
    const made = await send(admin, 'POST', '/v1/keys', {
      name: 'nightly',
      tenant: 'carol',
      expires_in_s: 60,
    });
    expect(made.status).toBe(201);
    expect(made.headers.get('cache-control')).toBe('no-store');
    expect(made.body).toMatchObject({ tenant: 'carol', scopes: ['jobs:read', 'jobs:write'] });
    const { key, id } = made.body as { key: string; id: string };
    expect((await send(key, 'GET', '/v1/jobs')).status).toBe(200);
    const { body: listed } = await send(admin, 'GET', '/v1/keys');
    expect(listed['data']).toContainEqual(expect.objectContaining({ id, name: 'nightly' }));
    expect(JSON.stringify(listed)).not.toContain(key.split('_').slice(2).join('_'));
    expect((await send(admin, 'DELETE', `/v1/keys/${id}`)).status).toBe(204);
    expect((await send(key, 'GET', '/v1/jobs')).status).toBe(401);
    expect((await send(admin, 'DELETE', `/v1/keys/${id}`)).body['code']).toBe('key_not_found');
  });

  it('cannot be made with a tenant that is a path', async () => {
    const answer = await send(admin, 'POST', '/v1/keys', { name: 'x', tenant: '../up' });
    expect(answer.body).toMatchObject({ code: 'invalid_request', errors: [{ path: '/tenant' }] });
  });
});

describe("a tenant's job", () => {
  it('is 404 for another tenant in every way, exactly as one that does not exist', async () => {
    const { id } = await submit(alice);
    const ways: [string, string][] = [
      ['GET', ''],
      ['GET', '/events'],
      ['GET', '/results'],
      ['GET', '/errors'],
      ['GET', '/stats'],
      ['POST', '/cancel'],
      ['POST', '/pause'],
      ['POST', '/resume'],
    ];
    for (const [method, way] of ways) {
      const other = await send(bob, method, `/v1/jobs/${id}${way}`);
      const none = await send(bob, method, `/v1/jobs/${id.slice(0, -1)}_${way}`);
      expect([other.status, other.body['code']], way).toEqual([404, 'job_not_found']);
      const detail = (answer: Answer) => String(answer.body['detail']).replace(/"job_.*?"/, '"ID"');
      expect(detail(other)).toBe(detail(none));
    }
    expect((await send(alice, 'GET', `/v1/jobs/${id}`)).body).toMatchObject({
      status: 'queued',
      tenant: 'alice',
    });
    expect((await send(reader, 'GET', `/v1/jobs/${id}/stats`)).status).toBe(200);
    expect((await send(admin, 'GET', `/v1/jobs/${id}`)).status).toBe(200);
  });

  it('is in the lists of its tenant and of admins alone', async () => {
    const mine = await submit(alice);
    const his = await submit(bob);
    const ids = async (key: string) =>
      ((await send(key, 'GET', '/v1/jobs?limit=100')).body['data'] as { id: string }[]).map((job) => job.id);
    expect(await ids(alice)).toContain(mine.id);
    expect(await ids(alice)).not.toContain(his.id);
    expect(await ids(bob)).toEqual(expect.not.arrayContaining([mine.id]));
    expect(await ids(admin)).toEqual(expect.arrayContaining([mine.id, his.id]));
  });

  it('has an idempotency key of its own tenant', async () => {
    const key = { 'Idempotency-Key': 'nightly' };
    const mine = await submit(alice, FOLDER, key);
    const his = await submit(bob, { ...FOLDER, metadata: { other: 'request' } }, key);
    expect(his.id).not.toBe(mine.id);
    expect((await submit(alice, FOLDER, key)).id).toBe(mine.id);
    const conflict = await send(
      alice,
      'POST',
      '/v1/jobs',
      { ...FOLDER, metadata: {}, options: { limit: 1 } },
      key,
    );
    expect(conflict.body['code']).toBe('idempotency_conflict');
  });

  it("writes below its tenant's folder and nowhere else", async () => {
    const results = join(api.folder, 'results');
    const mine = await submit(alice);
    expect(mine.output).toBe(join(results, 'alice', mine.id));
    expect((await submit(alice, { ...FOLDER, output: 'nightly' })).output).toBe(
      join(results, 'alice', 'nightly'),
    );
    for (const output of [
      '../bob/x',
      join(results, 'bob', 'x'),
      join(results, 'x'),
      join(results, 'alice2'),
      '/tmp/x',
    ]) {
      const answer = await send(alice, 'POST', '/v1/jobs', { ...FOLDER, output });
      expect([answer.status, answer.body['code']], output).toEqual([403, 'path_not_allowed']);
      const planned = await send(alice, 'POST', '/v1/plan', { ...FOLDER, output });
      expect(planned.body['code'], output).toBe('path_not_allowed');
    }
    expect((await submit(admin, { ...FOLDER, output: join(results, 'anywhere') })).output).toContain(
      'anywhere',
    );
  });
});

it('warns at the start of an input root that holds data of single tenants', () => {
  const exposed = api.logged.filter(({ message }) => message.startsWith('an input root lies'));
  expect(exposed.map(({ fields }) => fields)).toMatchObject([
    { inputRoot: join(api.folder, 'results', 'open'), folder: join(api.folder, 'results') },
  ]);
});

describe('quotas', () => {
  it('refuse what is too much of a tenant with a code and a time to wait, and nobody else', async () => {
    const small = await startTestApi({}, { quotas: { jobs: 2, rows: 10, bytes: 1000 }, requestsPerS: 1000 });
    try {
      const a = await keyFor(['jobs:read', 'jobs:write'], 'a', small);
      const b = await keyFor(['jobs:read', 'jobs:write'], 'b', small);
      const post = (key: string, body: object) => send(key, 'POST', '/v1/jobs', body, {}, small);

      expect((await post(a, inline(11))).body['code']).toBe('quota_rows');
      expect((await post(a, inline(6))).status).toBe(202);
      const tooMany = await post(a, inline(5));
      expect([tooMany.status, tooMany.body['code']]).toEqual([429, 'quota_rows']);
      expect(Number(tooMany.headers.get('retry-after'))).toBeGreaterThan(0);
      const second = await post(a, inline(4));
      expect(second.status).toBe(202);
      expect((await post(a, inline(1))).body['code']).toBe('quota_jobs');
      expect((await post(b, inline(10))).status).toBe(202);

      // An ended job gives its place back.
      await small.jobs.transition(String(second.body['id']), 'running');
      await small.endJob(String(second.body['id']));
      expect((await post(a, inline(4))).status).toBe(202);

      await small.jobs.noteStored('b', 'job_b', 999);
      await small.jobs.noteStored('b', 'job_c', 1);
      await small.jobs.noteStored('b', 'job_c', 1);
      expect(await small.jobs.storedBytes('b')).toBe(1000);
      const full = await post(b, inline(1));
      expect([full.status, full.body['code']]).toEqual([429, 'quota_bytes']);
    } finally {
      await small.close();
    }
  });

  it('bound the requests a second of a tenant, health apart', async () => {
    const slow = await startTestApi({}, { requestsPerS: 1 });
    try {
      const key = await keyFor(['jobs:read'], 'a', slow);
      const answers = [];
      for (let i = 0; i < 6; i++) answers.push(await send(key, 'GET', '/v1/models', undefined, {}, slow));
      const refused = answers.filter(({ status }) => status === 429);
      expect(refused.length).toBeGreaterThan(0);
      expect(refused[0]!.body['code']).toBe('rate_limited');
      expect(refused[0]!.headers.get('retry-after')).toBe('1');
      for (let i = 0; i < 6; i++)
        expect((await send(null, 'GET', '/healthz', undefined, {}, slow)).status).toBe(200);
    } finally {
      await slow.close();
    }
  });
});

describe('any request', () => {
  it('by a name that is not ours is refused, but for health', async () => {
    const ask = (path: string, host: string) =>
      new Promise<number>((resolve, reject) => {
        const { hostname, port } = new URL(api.url);
        httpRequest({ hostname, port, path, headers: { Host: host, 'X-API-Key': reader } }, (response) => {
          response.resume();
          resolve(response.statusCode!);
        })
          .on('error', reject)
          .end();
      });
    expect(await ask('/v1/jobs', 'rebound.example')).toBe(421);
    expect(await ask('/docs', 'rebound.example:8080')).toBe(421);
    expect(await ask('/v1/jobs', 'localhost:1234')).toBe(200);
    expect(await ask('/healthz', '10.1.2.3:8080')).toBe(200);
  });

  it('that nests too deep is refused before it is parsed', async () => {
    const response = await fetch(`${api.url}/v1/jobs`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-API-Key': alice },
      body: '['.repeat(1_000_000),
    });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
      400,
      'request_too_deep',
    ]);
  });

  it('is answered with headers that keep browsers from guessing and framing', async () => {
    expect((await send(reader, 'GET', '/v1/jobs')).headers.get('x-content-type-options')).toBe('nosniff');
    expect((await send(null, 'GET', '/v1/jobs')).headers.get('x-content-type-options')).toBe('nosniff');
    const { headers } = await send(null, 'GET', '/docs');
    const policy = headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  });
});

it('without protection everything is as it was: no key, the default tenant, and no keys over HTTP', async () => {
  const plain = await startTestApi();
  try {
    await mkdir(join(plain.folder, 'input', 'more'));
    await writeFile(join(plain.folder, 'input', 'more', 'c.jpg'), 'c');
    const { body } = await send(null, 'POST', '/v1/jobs', FOLDER, {}, plain);
    expect(body).toMatchObject({
      tenant: 'default',
      output: join(plain.folder, 'results', String(body['id'])),
    });
    const refused = await send(null, 'POST', '/v1/keys', { name: 'mine', scopes: ['admin'] }, {}, plain);
    expect([refused.status, refused.body['code']]).toEqual([403, 'forbidden']);
    expect(await plain.keys.list()).toEqual([]);
  } finally {
    await plain.close();
  }
});
