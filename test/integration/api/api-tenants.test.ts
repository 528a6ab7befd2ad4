// What tenants see of each other, where they may write, and their quotas, over real HTTP and Redis.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestApi } from '../../support/api-service.ts';
import { FOLDER_JOB, startKeyedApi, type KeyedAnswer, type KeyedApi } from '../../support/keyed-api.ts';

const inline = (rows: number) => ({
  model: 'digits-small',
  input: { type: 'inline', rows: Array.from({ length: rows }, (_, i) => ({ id: `r${i}`, data: 'AAAA' })) },
});

let keyed: KeyedApi;
let api: TestApi;
let reader: string, alice: string, bob: string, admin: string;
beforeAll(async () => {
  keyed = await startKeyedApi();
  ({ api, reader, alice, bob, admin } = keyed);
});
afterAll(() => api.close());

const send: KeyedApi['send'] = (...request) => keyed.send(...request);
const submit: KeyedApi['submit'] = (...job) => keyed.submit(...job);

describe("a tenant's job", () => {
  it('is 404 for another tenant on every route, exactly like a job that does not exist', async () => {
    const { id } = await submit(alice);
    const ways: [string, string][] = [
      ['GET', ''],
      ['GET', '/events'],
      ['GET', '/results'],
      ['GET', '/errors'],
      ['GET', '/stats'],
      ['GET', '/blocks'],
      ['GET', '/rows/0/input'],
      ['POST', '/cancel'],
      ['POST', '/pause'],
      ['POST', '/resume'],
    ];
    for (const [method, way] of ways) {
      const other = await send(bob, method, `/v1/jobs/${id}${way}`);
      const none = await send(bob, method, `/v1/jobs/${id.slice(0, -1)}_${way}`);
      expect([other.status, other.body['code']], way).toEqual([404, 'job_not_found']);
      const detail = (answer: KeyedAnswer) => String(answer.body['detail']).replace(/"job_.*?"/, '"ID"');
      expect(detail(other)).toBe(detail(none));
    }
    expect((await send(alice, 'GET', `/v1/jobs/${id}`)).body).toMatchObject({
      status: 'queued',
      tenant: 'alice',
    });
    expect((await send(reader, 'GET', `/v1/jobs/${id}/stats`)).status).toBe(200);
    expect((await send(admin, 'GET', `/v1/jobs/${id}`)).status).toBe(200);
  });

  it('is listed only for its tenant and for admins', async () => {
    const mine = await submit(alice);
    const his = await submit(bob);
    const ids = async (key: string) =>
      ((await send(key, 'GET', '/v1/jobs?limit=100')).body['data'] as { id: string }[]).map((job) => job.id);
    expect(await ids(alice)).toContain(mine.id);
    expect(await ids(alice)).not.toContain(his.id);
    expect(await ids(bob)).toEqual(expect.not.arrayContaining([mine.id]));
    expect(await ids(admin)).toEqual(expect.arrayContaining([mine.id, his.id]));
  });

  it('shares no idempotency key with another tenant', async () => {
    const key = { 'Idempotency-Key': 'nightly' };
    const mine = await submit(alice, FOLDER_JOB, key);
    const his = await submit(bob, { ...FOLDER_JOB, metadata: { other: 'request' } }, key);
    expect(his.id).not.toBe(mine.id);
    expect((await submit(alice, FOLDER_JOB, key)).id).toBe(mine.id);
    const conflict = await send(
      alice,
      'POST',
      '/v1/jobs',
      { ...FOLDER_JOB, metadata: {}, options: { limit: 1 } },
      key,
    );
    expect(conflict.body['code']).toBe('idempotency_conflict');
  });

  it("writes below its tenant's folder and nowhere else", async () => {
    const results = join(api.folder, 'results');
    const mine = await submit(alice);
    expect(mine.output).toBe(join(results, 'alice', mine.id));
    expect((await submit(alice, { ...FOLDER_JOB, output: 'nightly' })).output).toBe(
      join(results, 'alice', 'nightly'),
    );
    for (const output of [
      '../bob/x',
      join(results, 'bob', 'x'),
      join(results, 'x'),
      join(results, 'alice2'),
      '/tmp/x',
    ]) {
      const answer = await send(alice, 'POST', '/v1/jobs', { ...FOLDER_JOB, output });
      expect([answer.status, answer.body['code']], output).toEqual([403, 'path_not_allowed']);
      const planned = await send(alice, 'POST', '/v1/plan', { ...FOLDER_JOB, output });
      expect(planned.body['code'], output).toBe('path_not_allowed');
    }
    expect((await submit(admin, { ...FOLDER_JOB, output: join(results, 'anywhere') })).output).toContain(
      'anywhere',
    );
  });
});

it('the API warns at startup if an input root is inside an output root', () => {
  const warnings = api.logged.filter(({ message }) => message.startsWith('an input root is inside'));
  expect(warnings.map(({ fields }) => fields)).toMatchObject([
    { inputRoot: join(api.folder, 'results', 'open'), folder: join(api.folder, 'results') },
  ]);
});

describe('quotas', () => {
  it('refuse a request that exceeds them with a code and Retry-After, and affect no other tenant', async () => {
    const small = await startKeyedApi({ quotas: { jobs: 2, rows: 10, bytes: 1000 }, requestsPerS: 1000 });
    try {
      const a = await small.keyFor(['jobs:read', 'jobs:write'], 'a');
      const b = await small.keyFor(['jobs:read', 'jobs:write'], 'b');
      const post = (key: string, body: object) => small.send(key, 'POST', '/v1/jobs', body);

      expect((await post(a, inline(11))).body['code']).toBe('quota_rows');
      expect((await post(a, inline(6))).status).toBe(202);
      const tooMany = await post(a, inline(5));
      expect([tooMany.status, tooMany.body['code']]).toEqual([429, 'quota_rows']);
      expect(Number(tooMany.headers.get('retry-after'))).toBeGreaterThan(0);
      const second = await post(a, inline(4));
      expect(second.status).toBe(202);
      expect((await post(a, inline(1))).body['code']).toBe('quota_jobs');
      expect((await post(b, inline(10))).status).toBe(202);

      // A job that has ended no longer counts.
      await small.api.jobs.transition(String(second.body['id']), 'running');
      await small.api.endJob(String(second.body['id']));
      expect((await post(a, inline(4))).status).toBe(202);

      await small.api.jobs.noteStored('b', 'job_b', 999);
      await small.api.jobs.noteStored('b', 'job_c', 1);
      await small.api.jobs.noteStored('b', 'job_c', 1);
      expect(await small.api.jobs.storedBytes('b')).toBe(1000);
      const full = await post(b, inline(1));
      expect([full.status, full.body['code']]).toEqual([429, 'quota_bytes']);
    } finally {
      await small.api.close();
    }
  });

  it('limit the requests per second of a tenant, except for health', async () => {
    const slow = await startKeyedApi({ requestsPerS: 1 });
    try {
      const key = await slow.keyFor(['jobs:read'], 'a');
      const answers = [];
      for (let i = 0; i < 6; i++) answers.push(await slow.send(key, 'GET', '/v1/models'));
      const refused = answers.filter(({ status }) => status === 429);
      expect(refused.length).toBeGreaterThan(0);
      expect(refused[0]!.body['code']).toBe('rate_limited');
      expect(refused[0]!.headers.get('retry-after')).toBe('1');
      for (let i = 0; i < 6; i++) expect((await slow.send(null, 'GET', '/healthz')).status).toBe(200);
    } finally {
      await slow.api.close();
    }
  });
});
