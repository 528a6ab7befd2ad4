// How jobs come to be when many ask at once, are refused, lose replies or forge what they hand in; Redis and files are real.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createScripts } from '#forebay/shared/queue/scripts.js';
import { createJobStore } from '#forebay/shared/queue/job-store.js';
import { connectRedis } from '#forebay/shared/queue/connection.js';
import { idempotencyKey, jobKeys } from '#forebay/shared/queue/keys.js';
import { startTestApi, type TestApi } from '../support/api-service.ts';
import { makeSpec, useQueueLayer } from '../support/queue.ts';
import { startTestRedis } from '../support/redis.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';

const quiet = () => undefined;
type Answer = Record<string, unknown>;

describe('creating a job', () => {
  const layer = useQueueLayer();
  const asked = { total: 4, webhookSecret: null, requestKey: null, takesOver: null, lease: null };
  const limits = { jobs: 1000, ofTenant: null };

  it('gives an output to one of fifty jobs that ask for it at once', async () => {
    const specs = Array.from({ length: 50 }, () => makeSpec({ output: '/nowhere/shared' }));
    const made = await Promise.all(specs.map(async (spec) => layer.jobs.create({ ...asked, spec }, limits)));
    const created = specs.filter((_, i) => made[i]!.outcome === 'created');
    expect(created).toHaveLength(1);
    const others = made.filter(({ outcome }) => outcome !== 'created');
    expect(new Set(others.map((one) => JSON.stringify(one)))).toEqual(
      new Set([JSON.stringify({ outcome: 'output_held', by: created[0]!.id })]),
    );
  });

  it('gives an idempotency key to one of fifty, and the others its job', async () => {
    const requestKey = { key: 'nightly', tenant: 'default', digest: 'abc' };
    const specs = Array.from({ length: 50 }, () => makeSpec());
    const made = await Promise.all(
      specs.map(async (spec) => layer.jobs.create({ ...asked, spec, requestKey }, limits)),
    );
    const created = specs.filter((_, i) => made[i]!.outcome === 'created');
    expect(created).toHaveLength(1);
    expect(await layer.jobs.claimOf(requestKey)).toEqual({ job: created[0]!.id, digest: 'abc' });
    for (const { id } of specs.filter((spec) => spec !== created[0])) {
      expect(await layer.redis.keys(`*${id}*`)).toEqual([]);
    }
  });

  it('never exceeds the limits, however many ask at once, and leaves nothing of those refused', async () => {
    const active = (await layer.jobs.activeIds()).length;
    const specs = Array.from({ length: 30 }, () => makeSpec({ tenant: 'narrow' }));
    const made = await Promise.all(
      specs.map(async (spec) => layer.jobs.create({ ...asked, spec }, { jobs: active + 5, ofTenant: 3 })),
    );
    expect(made.filter(({ outcome }) => outcome === 'created')).toHaveLength(3);
    expect(made.filter(({ outcome }) => outcome === 'tenant_full')).toHaveLength(27);
    expect(await layer.jobs.list(null, 100, 'narrow')).toHaveLength(3);
  });

  it('answers the same when it is asked again after a lost reply, and changes nothing', async () => {
    const spec = makeSpec();
    expect(await layer.jobs.create({ ...asked, spec }, limits)).toEqual({ outcome: 'created' });
    await layer.jobs.transition(spec.id, 'running');
    expect(await layer.jobs.create({ ...asked, spec }, limits)).toEqual({ outcome: 'created' });
    expect((await layer.jobs.mustGet(spec.id)).status).toBe('running');
  });

  it('lets only the job that holds an output release it', async () => {
    const spec = makeSpec();
    await layer.make(spec, 4);
    expect(await layer.jobs.releaseOutput(spec.output, 'another')).toBe(false);
    expect(await layer.jobs.outputHolder(spec.output)).toBe(spec.id);
    expect(await layer.jobs.releaseOutput(spec.output, spec.id)).toBe(true);
  });

  it('does not bring back a record that has expired', async () => {
    const spec = makeSpec();
    await layer.jobs.setReason(spec.id, 'paused', 'late');
    await layer.jobs.setTotal(spec.id, 7);
    await layer.window.announceLeft(spec.id);
    expect(await layer.redis.exists(jobKeys(spec.id).job)).toBe(0);
  });
});

it('a connection that breaks around the creation of jobs makes each of them once', async () => {
  const server = await startTestRedis();
  const proxy = await startTcpProxy(server.url.replace('unix://', ''));
  const redis = connectRedis(`redis://127.0.0.1:${proxy.port}`, 'request', quiet);
  const direct = connectRedis(server.url, 'request', quiet);
  const [jobs, seen] = [redis, direct].map((one) => createJobStore({ redis: one, run: createScripts(one) }));
  try {
    const specs = Array.from({ length: 20 }, () => makeSpec());
    for (const [i, spec] of specs.entries()) {
      const job = {
        spec,
        total: 4,
        webhookSecret: null,
        takesOver: null,
        lease: null,
        requestKey: { key: `key-${i}`, tenant: 'default', digest: 'abc' },
      };
      const creating = (async () => {
        for (;;) {
          const answer = await jobs!.create(job, { jobs: 1000, ofTenant: null }).catch(() => null);
          if (answer !== null) return answer;
        }
      })();
      // As often as not the script has run by now, and its reply is what gets lost.
      setTimeout(() => proxy.cut(), i % 4);
      expect(await creating).toEqual({ outcome: 'created' });
    }
    expect((await seen!.activeIds()).toSorted()).toEqual(specs.map(({ id }) => id).toSorted());
  } finally {
    for (const one of [redis, direct]) one.disconnect();
    await proxy.close();
    await server.stop();
  }
});

describe('a request', () => {
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
    post(
      tenant,
      '/v1/jobs',
      { model: 'digits-small', input: { type: 'files', path: '.' }, ...body },
      headers,
    );
  const inline = (count: number) => ({
    type: 'inline',
    rows: Array.from({ length: count }, (_, i) => ({ id: `row-${i}`, data: 'AAAA' })),
  });
  /** Ends a tenant's jobs: its quota is free again. */
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

  it.for(['overwrite', 'resume'])('that is refused with %s has changed nothing', async (if_output_exists) => {
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
  });

  it('that overwrites takes away what Forebay wrote, and nothing that the user keeps there', async () => {
    const output = holding('bob', 'replaced');
    const { id } = await submit('bob', { output, options: { if_output_exists: 'overwrite' } });
    const left = tree(output).map(([path]) => path!.slice(output.length + 1));
    expect(left.toSorted()).toEqual(['_staging/mine/notes.txt', 'job.json']);
    expect(JSON.parse(readFileSync(join(output, 'job.json'), 'utf8'))).toMatchObject({ id });
    await endJobs('bob');
  });

  it('that comes again with its key finds its job, also where that is why it would be refused', async () => {
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

  it('reads no rows of another tenant by a job.json that names its job', async () => {
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

  it('is told apart from one of an earlier version that is still at work on the same key', async () => {
    await submit('alice', {}, { 'Idempotency-Key': 'quick' });
    const { digest } = (await api.jobs.claimOf({ key: 'quick', tenant: 'alice' }))!;
    await api.redis.set(idempotencyKey('slow', 'alice'), `job_${'0'.repeat(26)} ${digest}`);
    const other = await submit('alice', {}, { 'Idempotency-Key': 'slow' });
    expect(other).toMatchObject({ http: 409, code: 'request_in_progress' });
    await endJobs('alice');
  });
});
