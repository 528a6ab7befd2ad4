// Which files a job may read, over real HTTP. No tenant reads another's results, and nobody reads the data folder.
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../../support/api-service.ts';

let api: TestApi;
const keys: Record<string, string> = {};
beforeAll(async () => {
  api = await startTestApi({}, {});
  for (const tenant of ['alice', 'bob', 'default']) {
    const wanted = { name: 'test', tenant, scopes: ['jobs:read' as const, 'jobs:write' as const] };
    keys[tenant] = (await api.keys.create({ ...wanted, expiresAt: null })).text;
  }
  const at = (path: string) => join(api.folder, path);
  await mkdir(at('results/alice/job'), { recursive: true });
  await mkdir(at('data/redis'), { recursive: true });
  await writeFile(at('results/alice/job/part.jpg'), 'hers');
  await writeFile(at('data/redis/dump.jpg'), 'keys');
  await symlink(at('results/alice/job'), at('input/to-alice'));
  await symlink(at('results/alice/job/part.jpg'), at('input/part.jpg'));
  await symlink(at('data'), at('input/to-data'));
});
afterAll(() => api.close());

async function post(tenant: string, path: string, input: object): Promise<Record<string, unknown>> {
  const response = await fetch(api.url + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${keys[tenant]}` },
    body: JSON.stringify({ model: 'digits-small', input }),
  });
  return { http: response.status, ...((await response.json()) as object) };
}

const ALICE = [
  { type: 'files', path: 'RESULTS/alice/job' },
  { type: 'files', path: 'RESULTS/alice/job/part.jpg' },
  { type: 'files', path: 'RESULTS/alice/**/*.jpg' },
  { type: 'manifest', path: 'RESULTS/alice/job/part.jpg' },
  { type: 'files', path: 'to-alice' },
  { type: 'files', path: 'part.jpg' },
];
const DATA = [
  { type: 'files', path: 'DATA' },
  { type: 'files', path: 'DATA/redis/dump.jpg' },
  { type: 'files', path: 'DATA/**/*.jpg' },
  { type: 'manifest', path: 'DATA/redis/dump.jpg' },
  { type: 'files', path: 'to-data' },
];
const real = (input: { type: string; path: string }) => ({
  ...input,
  path: input.path.replace('RESULTS', join(api.folder, 'results')).replace('DATA', join(api.folder, 'data')),
});

it.each(ALICE)("another tenant's results cannot be an input: %j", async (input) => {
  for (const way of ['/v1/jobs', '/v1/plan']) {
    const refused = await post('bob', way, real(input));
    expect(refused).toMatchObject({ http: 403, code: 'path_not_allowed' });
    expect(refused['detail']).toContain('results of other tenants');
  }
  for (const tenant of ['alice', 'default']) {
    expect(await post(tenant, '/v1/jobs', real(input))).toMatchObject({ http: 202 });
  }
});

it.each(DATA)('the data folder cannot be an input: %j', async (input) => {
  for (const tenant of ['alice', 'bob', 'default']) {
    const refused = await post(tenant, '/v1/jobs', real(input));
    expect(refused).toMatchObject({ http: 403, code: 'path_not_allowed' });
    expect(refused['detail']).toContain('data folder');
  }
});

it("a missing path in another tenant's results is refused like an existing one", async () => {
  const detailOf = async (name: string) => {
    const answer = await post('bob', '/v1/jobs', real({ type: 'files', path: `RESULTS/alice/${name}` }));
    return [answer['code'], String(answer['detail']).replace(name, 'NAME')];
  };
  expect(await detailOf('nothing')).toEqual(await detailOf('job'));
  expect(await post('bob', '/v1/jobs', real({ type: 'files', path: 'RESULTS/bob/x' }))).toMatchObject({
    code: 'input_not_found',
  });
});

it("a folder above the results is read without other tenants' results", async () => {
  const rowsOf = async (tenant: string) => {
    const input = { type: 'files', path: api.folder, include: ['**/*.jpg'] };
    return ((await post(tenant, '/v1/plan', input))['rows'] as { total: number }).total;
  };
  // Bob sees a.jpg and b.jpg. The operator also sees part.jpg three times: in its folder, by the link to that folder,
  // and by its own link.
  expect([await rowsOf('bob'), await rowsOf('default')]).toEqual([2, 5]);
});
