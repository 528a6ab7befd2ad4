// Refused requests change nothing. Repeated or forged requests get no extra rights.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { idempotencyKey } from '#forebay/shared/queue/keys.js';
import { startTestApi, type TestApi } from '../../support/api-service.ts';
import { makeSpec } from '../../support/queue.ts';

type Answer = Record<string, unknown>;
let api: TestApi;
const keys: Record<string, string> = {};
const quotas = { jobs: 3, rows: 50, bytes: null };
beforeAll(async () => {
  api = await startTestApi({}, { quotas });
  for (const tenant of ['alice', 'bob']) {
    const scopes = ['jobs:read' as const, 'jobs:write' as const];
    keys[tenant] = (await api.keys.create({ name: 'test', tenant, scopes, expiresAt: null })).text;
  }
});
afterAll(() => api.close());

async function post(
  tenant: string,
  path: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(api.url + path, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Authorization: `Bearer ${keys[tenant]}`,
      ...headers,
    },
    body: JSON.stringify(body),
  });
  return { http: response.status, ...((await response.json()) as Answer) };
}
const submit = async (tenant: string, body: object, headers?: Record<string, string>): Promise<Answer> =>
  post(tenant, '/v1/jobs', { model: 'digits-small', input: { type: 'files', path: '.' }, ...body }, headers);
const inline = (count: number) => ({
  type: 'inline',
  rows: Array.from({ length: count }, (_, i) => ({ id: `row-${i}`, data: 'AAAA' })),
});
/** Ends a tenant's jobs, so that its quota is free again. */
async function endJobs(tenant: string): Promise<void> {
  for (const id of await api.jobs.activeOf(tenant)) {
    const { spec } = await api.jobs.mustGet(id);
    await api.jobs.transition(id, 'cancelling');
    await api.jobs.transition(id, 'cancelled');
    await api.jobs.releaseOutput(spec.output, id);
    await api.jobs.retire(id);
  }
}
function holding(tenant: string, name: string): string {
  const folder = join(api.folder, 'results', tenant, name);
  mkdirSync(join(folder, '_staging', 'mine'), { recursive: true });
  const job = { ...makeSpec({ tenant, output: folder }), model: { name: 'x', hash: 'y', pool: 'z' } };
  for (const [file, text] of Object.entries({
    'part-00000000.jsonl': '{"index":0,"id":"a"}\n',
    'manifest.json': '{}',
    'job.json': JSON.stringify(job),
    '_staging/mine/notes.txt': 'mine',
  })) {
    writeFileSync(join(folder, file), text);
  }
  return folder;
}
const tree = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path, readFileSync(path, 'utf8')];
    });

it.for(['overwrite', 'resume'])(
  'a refused request to %s an output changes nothing',
  async (if_output_exists) => {
    const output = holding('bob', `kept-${if_output_exists}`);
    const before = tree(output);
    const options = { if_output_exists };
    const webhook = { url: 'http://127.0.0.1:1/hook' };
    const tooMany = await submit('bob', { output, options, input: inline(51) });
    expect(tooMany).toMatchObject({ http: if_output_exists === 'resume' ? 409 : 429 });
    const hooked = await submit('bob', { output, options, webhook });
    expect(hooked).toMatchObject({ http: if_output_exists === 'resume' ? 409 : 403 });
    for (let i = 0; i < quotas.jobs; i++) expect(await submit('bob', {})).toMatchObject({ http: 202 });
    const full = await submit('bob', { output, options });
    expect(full).toMatchObject({ http: 429, code: 'quota_jobs' });
    expect(tree(output)).toEqual(before);
    expect(await api.jobs.outputHolder(output)).toBeNull();
    await endJobs('bob');
  },
);

it("a request that overwrites removes Forebay's files, and none of the user's", async () => {
  const output = holding('bob', 'replaced');
  const { id } = await submit('bob', { output, options: { if_output_exists: 'overwrite' } });
  const left = tree(output).map(([path]) => path!.slice(output.length + 1));
  expect(left.toSorted()).toEqual(['_staging/mine/notes.txt', 'job.json']);
  expect(JSON.parse(readFileSync(join(output, 'job.json'), 'utf8'))).toMatchObject({ id });
  await endJobs('bob');
});

it('a request that is repeated with its key gets the same job, even though that job holds the output', async () => {
  const output = join(api.folder, 'results', 'alice', 'keyed');
  const headers = { 'Idempotency-Key': 'once' };
  const spooled = () => readdirSync(join(api.folder, 'spool', 'alice'));
  mkdirSync(join(api.folder, 'spool', 'alice'), { recursive: true });
  const before = spooled();
  const answers = await Promise.all(
    Array.from({ length: 12 }, async () => submit('alice', { output, input: inline(20) }, headers)),
  );
  expect(new Set(answers.map(({ http }) => http))).toEqual(new Set([202]));
  expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
  expect(await api.jobs.activeOf('alice')).toHaveLength(1);
  const more = spooled().filter((name) => !before.includes(name));
  expect(new Set(more.map((name) => name.split('.')[0]))).toEqual(new Set([answers[0]!['id']]));
  await endJobs('alice');
});

it('a forged job.json gives no access to the rows of another tenant', async () => {
  const hers = await submit('alice', { input: inline(3) });
  const spec = JSON.parse(readFileSync(join(hers['output'] as string, 'job.json'), 'utf8')) as object;
  const output = join(api.folder, 'results', 'bob', 'forged');
  mkdirSync(output, { recursive: true });
  writeFileSync(join(output, 'job.json'), JSON.stringify({ ...spec, tenant: 'bob', output }));
  const before = readdirSync(join(api.folder, 'spool', 'alice'));
  const forged = await post('bob', '/v1/jobs/resume', { output });
  expect(forged).toMatchObject({ http: 422, code: 'input_not_found' });
  const failed = {
    type: 'failed',
    folder: output,
    first: 0,
    end: 1,
    of: (spec as { dataset: object }).dataset,
  };
  writeFileSync(
    join(output, 'job.json'),
    JSON.stringify({ ...spec, tenant: 'bob', output, dataset: failed }),
  );
  expect(await post('bob', '/v1/jobs/resume', { output })).toMatchObject({ code: 'input_not_found' });
  expect(readdirSync(join(api.folder, 'spool', 'alice'))).toEqual(before);
  expect(await api.jobs.activeOf('bob')).toEqual([]);
  await endJobs('alice');
});

it('a request is refused while a request of an earlier version still works on the same key', async () => {
  await submit('alice', {}, { 'Idempotency-Key': 'quick' });
  const { digest } = (await api.jobs.claimOf({ key: 'quick', tenant: 'alice' }))!;
  await api.redis.set(idempotencyKey('slow', 'alice'), `job_${'0'.repeat(26)} ${digest}`);
  const other = await submit('alice', {}, { 'Idempotency-Key': 'slow' });
  expect(other).toMatchObject({ http: 409, code: 'request_in_progress' });
  await endJobs('alice');
});
