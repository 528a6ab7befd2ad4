// Queue data of a newer version is left alone. It neither fails nor blocks anything.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { createFeeders } from '#forebay/api/feeder/feeders.js';
import { createAcceptJob } from '#forebay/api/jobs/create/accept-job.js';
import { createQuotas } from '#forebay/api/jobs/create/quotas.js';
import { listJobs } from '#forebay/api/jobs/list-jobs.js';
import { createWebhookDispatcher } from '#forebay/api/webhooks/dispatcher.js';
import { SPEC_VERSION } from '#forebay/shared/domain/job/job.js';
import { openDataset } from '#forebay/shared/datasets/open-dataset.js';
import { createBlockTaker } from '#forebay/shared/queue/blocks/block-taker.js';
import { BULLMQ_PREFIX, indexKeys, jobKeys } from '#forebay/shared/queue/keys.js';
import { createWebhookQueue } from '#forebay/shared/queue/webhook-queue.js';
import { makeSpec, rowsOf, useQueueLayer } from '../../support/queue.ts';
import { recordEvents } from '../../support/recorded-events.ts';
import { waitUntil } from '../../support/wait-until.ts';

const layer = useQueueLayer();
const folder = mkdtempSync(join(tmpdir(), 'forebay-newer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(async () => layer.redis.flushall());
const QUEUE = 'default.tiny.abababababab';
const raise = (error: Error) => {
  throw error;
};

/** An active job of a newer version. */
async function newerJob(change: Parameters<typeof makeSpec>[0] = {}) {
  const spec = makeSpec(change);
  await layer.make(spec, 4);
  const newer = { ...spec, v: SPEC_VERSION + 1, dataset: { type: 'unheard-of' } };
  await layer.redis.hset(jobKeys(spec.id).job, 'spec', JSON.stringify(newer));
  return spec;
}

it('a block of a newer version goes back on the queue, and the block behind it is taken', async () => {
  const queue = new Queue(QUEUE, { connection: layer.redis, prefix: BULLMQ_PREFIX });
  const data = { v: 2, job: 'job_x', block: 0, generation: 1, first_row: 0, rows: 4, something: 'new' };
  await queue.add('block', data, { jobId: 'newer', priority: 1 });
  const block = { block: 7, generation: 1, firstRow: 0, rows: 4, delayMs: 0 };
  await layer.queues.add(QUEUE, 'job_y', 50, [block]);
  let due = 0;
  const onDue = () => (due += 1);
  const taker = await createBlockTaker({ redis: layer.redis, queue: QUEUE, onDue, onError: raise });
  try {
    const taken = await taker.take();
    expect(taken!.data).toMatchObject({ job: 'job_y', block: 7 });
    await taken!.complete();
    expect(await taker.take()).toBeNull();
    expect(await layer.queues.depth(QUEUE)).toEqual({ waiting: 0, active: 0, delayed: 1, failed: 0 });
    const left = await queue.getJob('newer');
    expect(left!.data).toEqual(data);
    expect(left!.opts.priority).toBe(1);
    // A newer worker that is idle looks when the delay is over, not a second later: then the older one has looked.
    await left!.changeDelay(100);
    expect(await taker.take()).toBeNull();
    await waitUntil('the delay to be over', () => due > 0);
    // When its delay is over, a newer worker finds it unchanged.
    await left!.promote();
    expect((await queue.getJob('newer'))!.priority).toBe(1);
    expect(await left!.getState()).toBe('prioritized');
    await queue.obliterate({ force: true });
  } finally {
    await taker.close();
    await queue.close();
  }
});

it('a job of a newer version is left to feeders of that version, and other jobs are fed', async () => {
  const spec = await newerJob();
  const own = makeSpec({ output: join(folder, 'out') });
  await layer.make(own, 4);
  const events = recordEvents();
  const feeders = createFeeders({
    ...layer,
    openDataset: (known) => openDataset(known.dataset),
    spool: { discard: async () => {}, spooledBytes: async () => 0 },
    queueLimit: undefined,
    maxRows: null,
    emit: events.emit,
  });
  try {
    await waitUntil('a message about the newer job', () => events.of('job.left_to_newer').length > 0);
    expect(events.of('job.left_to_newer')).toEqual([
      { job: spec.id, message: expect.stringContaining('newer Forebay') },
    ]);
    await waitUntil(
      'the other job to be fed',
      async () => (await layer.jobs.get(own.id))!.status !== 'queued',
    );
    // The newer job's lease stays free for a newer feeder.
    await waitUntil('no lease', async () => (await layer.redis.exists(jobKeys(spec.id).lease)) === 0);
    expect(await layer.window.holdLease(spec.id, 'newer', 60_000)).toBe(true);
    expect(await layer.redis.hget(jobKeys(spec.id).job, 'status')).toBe('queued');
    const listed = await listJobs(layer.jobs, { tenant: null, limit: 10, cursor: null, statuses: null });
    expect(listed.data.map(({ id }) => id)).toEqual([own.id]);
    await expect(layer.jobs.get(spec.id)).rejects.toMatchObject({ code: 'newer_version' });
  } finally {
    await feeders.close();
  }
});

it('the rows of a job of a newer version do not count against the quota of its tenant', async () => {
  await newerJob({ tenant: 'mixed' });
  await layer.make(makeSpec({ tenant: 'mixed' }), 4);
  const quotas = createQuotas(layer.jobs, { jobs: null, rows: 10, bytes: null });
  await quotas.checkRows('mixed', 6);
  await expect(quotas.checkRows('mixed', 7)).rejects.toMatchObject({ code: 'quota_rows' });
});

it('the output of a job of a newer version counts as in use', async () => {
  const { id: holder, output } = await newerJob({ output: join(folder, 'held') });
  const accept = createAcceptJob({
    ...layer,
    input: { discard: async () => {} },
    checkWebhook: () => {},
    maxJobs: 100,
  });
  const spec = makeSpec({ output });
  const by = { tenant: 'default', limited: false };
  const accepted = accept(
    { id: spec.id, output: layer.outputs.of(output), by, requestKey: null },
    async () => ({
      spec,
      total: 4,
      webhookSecret: null,
    }),
  );
  await expect(accepted).rejects.toMatchObject({
    code: 'output_in_use',
    message: expect.stringContaining(holder),
  });
});

it('the webhook of a job of a newer version soon becomes due again, for a process of that version', async () => {
  const webhook = { url: 'https://example.test/', events: ['completed' as const] };
  const { id } = await newerJob({ webhook });
  const events = recordEvents();
  let seen = 0;
  const dispatcher = createWebhookDispatcher({
    queue: createWebhookQueue(layer),
    jobs: {
      isActive: async (job) => layer.jobs.isActive(job),
      async get(job) {
        seen += job === id ? 1 : 0;
        return layer.jobs.get(job);
      },
    },
    sender: { send: async () => Promise.reject(new Error('nothing is sent')), close: async () => {} },
    // A claim on a webhook lasts three times this timeout, unless it is released.
    settings: { progressMs: 1, timeoutMs: 3_600_000, tries: 1, firstPauseMs: 1, secret: null },
    emit: events.emit,
  });
  try {
    await waitUntil('the dispatcher to see the job', () => seen > 0);
    await waitUntil('the webhook to be due again', async () => {
      const due = await layer.redis.zscore(indexKeys.webhooks, id);
      return Number(due) < Date.now() + 60_000;
    });
    expect(events.of('webhook.failed')).toEqual([]);
  } finally {
    await dispatcher.close();
  }
});

it('no run begins for a job of a newer version', async () => {
  const spec = makeSpec();
  await layer.make(spec, 4);
  await layer.jobs.transition(spec.id, 'running');
  await layer.window.holdLease(spec.id, 'feeder', 60_000);
  await layer.window.reserve(spec.id, 'feeder', [{ block: 0, rows: rowsOf(0, 4) }], {
    index: 4,
    at: 'end',
  });
  const generation = (await layer.window.nextGeneration(spec.id, 'feeder', [0])).get(0)!;
  await layer.redis.hset(jobKeys(spec.id).job, 'spec', JSON.stringify({ ...spec, v: SPEC_VERSION + 1 }));
  await expect(layer.window.beginRun(spec.id, 0, generation, 'token')).rejects.toMatchObject({
    code: 'newer_version',
  });
  expect(await layer.window.leaveRun(spec.id, 0, 'token', 'handedBack')).toBe(true);
});
