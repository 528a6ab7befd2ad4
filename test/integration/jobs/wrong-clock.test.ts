// Machines whose clocks are hours apart. A submit of an earlier version claims resources before it writes the job. No
// machine mistakes such a submit for one that died long ago.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createFeeders } from '#forebay/api/feeder/feeders.js';
import { createAcceptJob } from '#forebay/api/jobs/create/accept-job.js';
import { openDataset } from '#forebay/shared/datasets/open-dataset.js';
import { indexKeys, outputKey } from '#forebay/shared/queue/keys.js';
import { newJobId } from '#forebay/shared/domain/job/job-id.js';
import { makeSpec, useQueueLayer } from '../../support/queue.ts';
import { waitUntil } from '../../support/wait-until.ts';

const layer = useQueueLayer();
const folder = mkdtempSync(join(tmpdir(), 'forebay-clock-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const HOURS = 3 * 3_600_000;
/** An id from a machine whose clock is hours behind. */
const idOfThePast = (n: number) => newJobId(Date.now() - HOURS, new Uint8Array(16).fill(n));
const startFeeders = (submitMs?: number) =>
  createFeeders({
    ...layer,
    openDataset: (spec) => openDataset(spec.dataset),
    spool: { discard: async () => {}, spooledBytes: async () => 0 },
    queueLimit: undefined,
    maxRows: null,
    emit: () => undefined,
    ...(submitMs !== undefined && { submitMs }),
  });

/** Claims a slot for a job, as submits of version 1 did before they wrote the job. */
async function admit(id: string): Promise<void> {
  await layer.redis.sadd(indexKeys.active, id);
  await layer.redis.hset(indexKeys.tenants, id, 'default');
}

async function submitted(id: string, output: string): Promise<void> {
  await layer.make(makeSpec({ id, output: join(folder, output) }), 4);
}
const isFed = async (id: string) => (await layer.jobs.get(id))!.status !== 'queued';

it('an admitted job whose id looks old is not forgotten before it is written', async () => {
  const [slow, other] = [idOfThePast(1), idOfThePast(2)];
  await admit(slow);
  await admit(other);
  const feeders = startFeeders();
  try {
    await submitted(other, 'other');
    await waitUntil('the other job to be fed', async () => isFed(other));
    // When a third job is fed, a whole round over all jobs has passed since the other job was fed.
    const third = idOfThePast(3);
    await admit(third);
    await submitted(third, 'third');
    await waitUntil('a third job to be fed', async () => isFed(third));
    expect(await layer.jobs.isActive(slow)).toBe(true);
    await submitted(slow, 'slow');
    await waitUntil('the job to be fed', async () => isFed(slow));
  } finally {
    await feeders.close();
  }
});

it('an admitted job that stays without a record is forgotten in the end', async () => {
  const dead = newJobId(Date.now() + HOURS, new Uint8Array(16).fill(4));
  await admit(dead);
  const feeders = startFeeders(1);
  try {
    await waitUntil('the job to be forgotten', async () => !(await layer.jobs.isActive(dead)));
  } finally {
    await feeders.close();
  }
});

it('an output that a submit has claimed is not taken from it', async () => {
  const [slow, second] = [idOfThePast(5), idOfThePast(6)];
  const output = join(folder, 'claimed');
  await layer.redis.set(outputKey(output), slow);
  await admit(slow);
  const accept = createAcceptJob({
    jobs: layer.jobs,
    window: layer.window,
    input: { discard: async () => {} },
    checkWebhook: () => {},
    maxJobs: 100,
  });
  const by = { tenant: 'default', limited: false };
  const candidate = { id: second, output: layer.outputs.of(output), by, requestKey: null };
  const take = async () =>
    accept(candidate, async () => ({
      spec: makeSpec({ id: second, output }),
      total: 4,
      webhookSecret: null,
    }));
  await expect(take()).rejects.toMatchObject({ code: 'output_in_use' });
  // The submit that claimed the output has died.
  await layer.jobs.forget(slow);
  expect(await take()).toMatchObject({ job: { spec: { id: second } } });
});
