import { expect, it } from 'vitest';
import { createBlockDemand } from '#forebay/workers/intake/block-demand.js';

const MODEL = 'iris';

/** Two lanes that have all the batches they take. `inHand`: rows that wait for them. The last block had 32,768 rows. */
function wanted({ inHand, rowMs }: { inHand: number; rowMs: number | null }): number {
  const group = { model: MODEL, batchSize: 1024, inHand, priority: 5 };
  const demand = createBlockDemand({
    pool: { busy: true, memory: 'normal', lanesOf: () => 2, freeSlots: () => 0 },
    groups: new Map([['', group]]),
    rowMs: () => rowMs,
  });
  demand.noteBlock(group, 32_768);
  return demand.blocksWanted(MODEL);
}

it('wants the next block while the rows in hand last for 15 ms', () => {
  // Two lanes answer 800 rows per ms, so 12,288 rows last for 15.4 ms, and 11,264 rows for 14.1 ms.
  const rowMs = 1 / 400;
  expect(wanted({ inHand: 12_288, rowMs })).toBe(0);
  expect(wanted({ inHand: 11_264, rowMs })).toBe(1);
});

it('wants it only when no row waits, if a batch takes longer or no batch has run yet', () => {
  expect(wanted({ inHand: 1024, rowMs: 1 })).toBe(0);
  expect(wanted({ inHand: 1024, rowMs: null })).toBe(0);
  expect(wanted({ inHand: 0, rowMs: 1 })).toBe(1);
});
