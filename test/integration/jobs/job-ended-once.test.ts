// Which feeder reports a job's end if two of them have held the job's lease. Redis is real.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createFinaliser } from '#forebay/api/feeder/manifest/finalise-job.js';
import { runFeeder, type RunFeederDeps } from '#forebay/api/feeder/run-feeder.js';
import { openDataset } from '#forebay/shared/datasets/open-dataset.js';
import { jobKeys } from '#forebay/shared/queue/keys.js';
import { makeSpec, useQueueLayer } from '../../support/queue.ts';
import { recordEvents } from '../../support/recorded-events.ts';

const layer = useQueueLayer();
const folder = mkdtempSync(join(tmpdir(), 'forebay-ended-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the feeder of a job that is being cancelled. */
async function feed(id: string, lease: string, finalise: RunFeederDeps['finalise']) {
  const { spec } = await layer.jobs.mustGet(id);
  const events = recordEvents();
  const deps = {
    ...layer,
    openDataset: () => openDataset(spec.dataset),
    queueLimit: undefined,
    maxRows: null,
    finalise,
    emit: events.emit,
  };
  await layer.window.holdLease(id, lease, 60_000);
  await runFeeder(deps, spec, lease, new AbortController().signal).ended;
  return events;
}

it('a feeder that loses its lease while it ends a job does not report the end, but the next feeder does', async () => {
  const spec = makeSpec({ output: join(folder, 'out') });
  await layer.make(spec, 4);
  await layer.jobs.transition(spec.id, 'cancelling');
  const finalise = createFinaliser({
    ...layer,
    spool: { discard: async () => {}, spooledBytes: async () => 0 },
  });
  let second = recordEvents();
  const first = await feed(spec.id, 'first', async (record, lease) => {
    await layer.redis.del(jobKeys(spec.id).lease);
    second = await feed(spec.id, 'second', finalise);
    await finalise(record, lease);
  });
  expect(second.of('job.ended')).toMatchObject([{ job: spec.id, status: 'cancelled' }]);
  expect(first.all).toEqual([]);
});
