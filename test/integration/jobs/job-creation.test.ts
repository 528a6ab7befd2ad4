// Jobs that are created at the same time, or again after a lost reply or a broken connection, on a real Redis.
import { describe, expect, it } from 'vitest';
import { createScripts } from '#forebay/shared/queue/scripts.js';
import { createJobStore } from '#forebay/shared/queue/jobs/job-store.js';
import { connectRedis } from '#forebay/shared/queue/connection.js';
import { jobKeys } from '#forebay/shared/queue/keys.js';
import { makeSpec, useQueueLayer } from '../../support/queue.ts';
import { startTestRedis } from '../../support/redis.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';

const quiet = () => undefined;

describe('creating a job', () => {
  const layer = useQueueLayer();
  const asked = { total: 4, webhookSecret: null, requestKey: null, takesOver: null, lease: null };
  const limits = { jobs: 1000, ofTenant: null };

  it('gives an output to one of fifty jobs that ask for it at the same time', async () => {
    const specs = Array.from({ length: 50 }, () => makeSpec({ output: '/nowhere/shared' }));
    const made = await Promise.all(specs.map(async (spec) => layer.jobs.create({ ...asked, spec }, limits)));
    const created = specs.filter((_, i) => made[i]!.outcome === 'created');
    expect(created).toHaveLength(1);
    const others = made.filter(({ outcome }) => outcome !== 'created');
    expect(new Set(others.map((one) => JSON.stringify(one)))).toEqual(
      new Set([JSON.stringify({ outcome: 'output_held', by: created[0]!.id })]),
    );
  });

  it('gives an idempotency key to one of fifty requests, and creates no job for the others', async () => {
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

  it('never exceeds the limits, however many jobs are created at the same time', async () => {
    const active = (await layer.jobs.activeIds()).length;
    const specs = Array.from({ length: 30 }, () => makeSpec({ tenant: 'narrow' }));
    const made = await Promise.all(
      specs.map(async (spec) => layer.jobs.create({ ...asked, spec }, { jobs: active + 5, ofTenant: 3 })),
    );
    expect(made.filter(({ outcome }) => outcome === 'created')).toHaveLength(3);
    expect(made.filter(({ outcome }) => outcome === 'tenant_full')).toHaveLength(27);
    expect(await layer.jobs.list(null, 100, 'narrow')).toHaveLength(3);
  });

  it('answers a repeated request as before, and changes nothing', async () => {
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

  it('does not recreate a record that has expired', async () => {
    const spec = makeSpec();
    await layer.jobs.setReason(spec.id, 'paused', 'late');
    await layer.jobs.setTotal(spec.id, 7);
    await layer.window.announceLeft(spec.id);
    expect(await layer.redis.exists(jobKeys(spec.id).job)).toBe(0);
  });
});

it('each job is created once, even if the connection breaks while it is created', async () => {
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
      // Often the script has run by then, and only its reply is lost.
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
