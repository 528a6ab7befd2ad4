// Which lanes are kept from one measurement to the next, and which are ended.
import { describe, expect, it } from 'vitest';
import { createLaneStore } from '#forebay/workers/tune/measure/lane-store.js';

const settings = (lanes: number, batch_size = 4) => ({
  lanes,
  threads_per_lane: 1,
  batch_size,
  decode_threads: 2,
});

function storeOfFakes() {
  const ended: number[] = [];
  let started = 0;
  const store = createLaneStore(({ lanes }) => {
    started += 1;
    return { end: async () => void ended.push(lanes), kill: () => undefined };
  });
  return { store, ended, started: () => started };
}

describe('lanes between measurements', () => {
  it('are kept if only the batch size differs, even if other lanes were used in between', async () => {
    const { store, started } = storeOfFakes();
    const first = await store.get(settings(1));
    await store.get(settings(2));
    expect(await store.get(settings(1, 64))).toBe(first);
    expect(started()).toBe(2);
  });

  it('are ended when three others were used in the meantime', async () => {
    const { store, ended } = storeOfFakes();
    for (const lanes of [1, 2, 3, 1, 4]) await store.get(settings(lanes));
    expect(ended).toEqual([2]);
  });

  it('are ended when memory is short, except those that are being measured', async () => {
    const { store, ended } = storeOfFakes();
    for (const lanes of [1, 2]) await store.get(settings(lanes));
    const busy = await store.get(settings(3));
    expect(store.idle(busy)).toHaveLength(2);
    await store.dropIdle(busy);
    expect(ended).toEqual([1, 2]);
    expect(store.idle(busy)).toEqual([]);
    expect(await store.get(settings(3, 8))).toBe(busy);
    await store.end();
    expect(ended).toEqual([1, 2, 3]);
  });
});
