// Bull Board at /ops/queues: who may see it, and what its page may load and do.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startKeyedApi, type KeyedApi } from '../../support/keyed-api.ts';

let keyed: KeyedApi;

beforeAll(async () => {
  keyed = await startKeyedApi();
  await keyed.submit(keyed.alice);
});
afterAll(() => keyed.api.close());

const basic = (key: string) => ({ Authorization: `Basic ${Buffer.from(`me:${key}`).toString('base64')}` });
const get = async (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${keyed.api.url}${path}`, { method, headers });

it('asks a browser for a key, and admits only admins', async () => {
  const nobody = await get('/ops/queues');
  expect(nobody.status).toBe(401);
  expect(nobody.headers.get('www-authenticate')).toMatch(/^Basic /);
  expect((await get('/ops/queues/api/queues')).status).toBe(401);
  expect((await get('/ops/queues', basic('fbk_wrong'))).status).toBe(401);
  expect((await get('/ops/queues', basic(keyed.alice))).status).toBe(403);
  expect((await get('/ops/queues', basic(keyed.admin))).status).toBe(200);
  expect((await get('/ops/queues', { Authorization: `Bearer ${keyed.admin}` })).status).toBe(200);
});

it('accepts a password nowhere else, because a browser sends it by itself', async () => {
  expect((await get('/v1/jobs', basic(keyed.admin))).status).toBe(401);
});

it('serves a page that can load nothing from other hosts', async () => {
  const response = await get('/ops/queues', basic(keyed.admin));
  const html = await response.text();
  expect(html).toContain('Forebay queues');
  expect(html).not.toMatch(/(src|href)="(https?:)?\/\//);
  const policy = response.headers.get('content-security-policy')!;
  expect(policy).toMatch(/^default-src 'none'; /);
  expect(policy).toContain("script-src 'self';");
  expect(policy).not.toMatch(/https?:|\*/);
  const script = /src="(static\/js\/main[^"]+)"/.exec(html)![1]!;
  expect((await get(`/ops/queues/${script}`, basic(keyed.admin))).status).toBe(200);
});

it('lists the queues of active jobs, and changes nothing', async () => {
  const listed = (await (await get('/ops/queues/api/queues', basic(keyed.admin))).json()) as {
    queues: { name: string; readOnlyMode: boolean }[];
  };
  expect(listed.queues).toMatchObject([
    { name: expect.stringMatching(/^default\.digits-small\./), readOnlyMode: true },
  ]);
  const { name } = listed.queues[0]!;
  for (const path of ['/ops/queues/api/queues/pause', `/ops/queues/api/queues/${name}/empty`]) {
    expect((await get(path, basic(keyed.admin), 'PUT')).status).toBe(405);
  }
});
