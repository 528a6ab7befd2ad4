// Which keys give access to what, and which requests are refused, over real HTTP and Redis.
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiDocument } from '../../support/api-document.ts';
import { createClient } from '#forebay/client/client.js';
import { createKeyStore } from '#forebay/shared/keys/key-store.js';
import { startTestApi, type TestApi } from '../../support/api-service.ts';
import { FOLDER_JOB, sendTo, startKeyedApi, type KeyedApi } from '../../support/keyed-api.ts';

let keyed: KeyedApi;
let api: TestApi;
let reader: string, alice: string, admin: string;
beforeAll(async () => {
  keyed = await startKeyedApi();
  ({ api, reader, alice, admin } = keyed);
});
afterAll(() => api.close());

const send: KeyedApi['send'] = (...request) => keyed.send(...request);
const submit: KeyedApi['submit'] = (...job) => keyed.submit(...job);

describe('authentication', () => {
  it('every route except health and documentation requires a key, and the refusal explains how to send one', async () => {
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
    const oip = ['/v2', '/v2/health/live', '/v2/health/ready'];
    expect(open.toSorted()).toEqual(['/docs', '/healthz', '/openapi.json', '/readyz', ...oip]);
  });

  it('a wrong secret, an unknown id, an expired key and a revoked key get the same answer', async () => {
    const wrong = alice.slice(0, -4) + (alice.endsWith('AAAA') ? 'BBBB' : 'AAAA');
    const unknown = alice.replace(/^fbk_[0-9a-f]{16}/, 'fbk_0000000000000000');
    const expired = await keyed.keyFor(['admin'], 'default', Date.now() - 1);
    const revoked = await keyed.keyFor(['admin'], 'default');
    expect((await send(revoked, 'GET', '/v1/jobs')).status).toBe(200);
    await api.keys.revoke(revoked.split('_')[1]!);
    const answers = await Promise.all(
      [wrong, unknown, expired, revoked, 'x', '{}'].map((key) => send(key, 'GET', '/v1/jobs')),
    );
    for (const answer of answers) expect(answer).toMatchObject({ status: 401, body: answers[0]!.body });
  });

  it('the secret of a key is neither in Redis nor in the log', async () => {
    const secret = alice.split('_').slice(2).join('_');
    const kept = JSON.stringify(await api.redis.hgetall('forebay:{index}:keys'));
    expect(kept).not.toContain(secret);
    expect(kept).toContain(alice.split('_')[1]);
    await submit(alice);
    expect(JSON.stringify(api.logged)).not.toContain(secret);
  });
});

describe('a key', () => {
  it('is accepted as a bearer token, as X-API-Key, and from the client', async () => {
    expect((await send(null, 'GET', '/v1/jobs', undefined, { 'X-API-Key': reader })).status).toBe(200);
    expect(
      (await send(null, 'GET', '/v1/jobs', undefined, { Authorization: `bearer  ${reader}` })).status,
    ).toBe(200);
    expect((await send(null, 'GET', `/v1/jobs?key=${reader}`)).status).toBe(401);
    const client = createClient({ url: api.url, apiKey: alice });
    const job = await client.submit(FOLDER_JOB);
    expect((await client.job(job.id)).tenant).toBe('alice');
    await expect(createClient({ url: api.url }).jobs()).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('may do what its scopes allow, and a refusal names the missing scope', async () => {
    expect((await send(reader, 'GET', '/v1/models')).status).toBe(200);
    const answer = await send(reader, 'POST', '/v1/jobs', FOLDER_JOB);
    expect([answer.status, answer.body['code']]).toEqual([403, 'forbidden']);
    expect(answer.body['detail']).toContain('"jobs:write"');
    expect((await send(alice, 'GET', '/v1/keys')).body['detail']).toContain('"admin"');
    expect((await send(alice, 'POST', '/v1/keys', { name: 'x', scopes: ['admin'] })).status).toBe(403);
  });

  it('is created, listed and revoked over HTTP by an admin', async () => {
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

  it('cannot be created with a tenant that is a path', async () => {
    const answer = await send(admin, 'POST', '/v1/keys', { name: 'x', tenant: '../up' });
    expect(answer.body).toMatchObject({ code: 'invalid_request', errors: [{ path: '/tenant' }] });
  });
});

it('the keys of a service are known to be none, expired or valid', async () => {
  const empty = api.redis.duplicate({ db: 1 });
  try {
    const keys = createKeyStore({ redis: empty });
    expect(await keys.state()).toBe('none');
    const key = { name: 'x', tenant: 'x', scopes: [] };
    await keys.create({ ...key, expiresAt: Date.now() - 1 });
    expect(await keys.state()).toBe('expired');
    await keys.create({ ...key, expiresAt: null });
    expect(await keys.state()).toBe('valid');
  } finally {
    empty.disconnect();
  }
});

describe('any request', () => {
  it('for an unknown host name is refused, except for health', async () => {
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

  it('that nests too deeply is refused before it is parsed', async () => {
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

  it('is answered with headers that forbid browsers to guess types and to frame pages', async () => {
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

it('an API without authentication uses the default tenant, and creates no keys over HTTP', async () => {
  const plain = await startTestApi();
  try {
    const { body } = await sendTo(plain, null, 'POST', '/v1/jobs', FOLDER_JOB);
    expect(body).toMatchObject({
      tenant: 'default',
      output: join(plain.folder, 'results', String(body['id'])),
    });
    const refused = await sendTo(plain, null, 'POST', '/v1/keys', { name: 'mine', scopes: ['admin'] });
    expect([refused.status, refused.body['code']]).toEqual([403, 'forbidden']);
    expect(refused.body['detail']).toContain('FOREBAY_AUTH=auto or on');
    expect(await plain.keys.list()).toEqual([]);
  } finally {
    await plain.close();
  }
});
