// A job that makes no progress does not hold back other jobs of its queue (ADR 39).
import { expect, it } from 'vitest';
import { createJobBlocks } from '#forebay/api/feeder/job-blocks.js';
import { blockQueueName, queueKeys } from '#forebay/shared/queue/keys.js';
import { makeSpec, MODEL, rowsOf, slotUser, useQueueLayer } from '../../support/queue.ts';

const layer = useQueueLayer();
const LIMITS = { queue: 64, feed: 8 };
const WINDOW = 16;
const queue = blockQueueName(MODEL);

it('a full window without progress stops asking for more, and other jobs go on', async () => {
  let now = 0;
  const spec = makeSpec();
  await layer.make(spec, 1000);
  await layer.window.holdLease(spec.id, 'lease', 60_000);
  await layer.jobs.transition(spec.id, 'running');
  const blocks = createJobBlocks({ spec, queue, lease: 'lease', ...layer, now: () => now });
  const first = Array.from({ length: WINDOW }, (_, block) => ({ block, rows: rowsOf(4 * block, 4) }));
  await layer.window.reserve(spec.id, 'lease', first, { index: 4 * WINDOW, at: 'end' });
  blocks.reserved(first);
  const add = async () => blocks.add({ ...LIMITS, window: WINDOW, isFull: true });
  /** What the job says: until when it wants more, by Redis' clock. */
  const wants = async () => Number((await layer.redis.hget(queueKeys(queue).shares, spec.id))!.split(' ')[4]);

  await add();
  const other = slotUser('other', { rowsPerBlock: 64, isFull: true });
  const ask = async () => layer.slots.take(queue, other, LIMITS, [0, 1, 2, 3]);
  expect(await ask()).toMatchObject({ granted: 2, waitsFor: 'share' });
  for (now = 1000; now <= 5000; now += 1000) {
    const before = await wants();
    await add();
    expect(await wants()).toBeGreaterThanOrEqual(before);
  }
  const last = await wants();
  for (now = 6000; now <= 9000; now += 1000) await add();
  expect(await wants()).toBe(last);
  // The last request has expired.
  const share = (await layer.redis.hget(queueKeys(queue).shares, spec.id))!;
  await layer.redis.hset(queueKeys(queue).shares, spec.id, share.replace(String(last), '1'));
  expect(await ask()).toMatchObject({ granted: 4, waitsFor: null });
});
