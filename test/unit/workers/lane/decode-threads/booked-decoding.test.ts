// How a decode thread books the memory of its images, and how it reads files within the lane's budget.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createBookedDecoding } from '#forebay/workers/lane/decode-threads/booked-decoding.js';
import { budgetMemory, createSharedBudget } from '#forebay/workers/lane/decode-threads/shared-budget.js';
import { createThreadRowBytes } from '#forebay/workers/lane/decode-threads/thread-row-bytes.js';
import { createSharedMemory } from '#forebay/workers/lane/out-of-memory.js';
import { LIMITS, testFolder } from '../../../../support/lanes.ts';

const MB = 2 ** 20;
/** Index of the number that states how much of the budget is used. */
const USED = 2;

it('an image is booked exactly while it is decoded, even if decoding fails', async () => {
  const memory = budgetMemory();
  const used = () => new Int32Array(memory)[USED]!;
  const { budget } = createBookedDecoding(createSharedBudget(memory, 100 * MB), 100 * MB);
  expect(budget.fits(1)).toBe(false);
  const during = await budget.use(40 * MB, async () => used());
  expect(during).toBeGreaterThan(0);
  await expect(
    budget.use(40 * MB, async () => {
      throw new Error('damaged');
    }),
  ).rejects.toThrow('damaged');
  expect(used()).toBe(0);
});

it('an image that ran out of memory is tried again with the whole budget', async () => {
  const memory = budgetMemory();
  const used = () => new Int32Array(memory)[USED]!;
  const { budget, exclusively } = createBookedDecoding(createSharedBudget(memory, 100 * MB), 100 * MB);
  const seen: number[] = [];
  const attempt = async () =>
    budget.use(10 * MB, async () => {
      seen.push(used());
      if (seen.length === 1) throw new Error('out of memory');
      return 'decoded';
    });
  expect(await createSharedMemory(exclusively).use(attempt)).toBe('decoded');
  expect(seen[1]).toBe(10 * seen[0]!);
  expect(used()).toBe(0);
});

it('a file counts against the budget exactly while its row is prepared', async () => {
  const memory = budgetMemory();
  const used = () => new Int32Array(memory)[USED]!;
  const rows = createThreadRowBytes(LIMITS, createSharedBudget(memory, MB));
  const path = join(testFolder(), 'file');
  writeFileSync(path, Buffer.alloc(20_000));
  const row = { path, tenant: 'default' };
  expect(await rows.use(row, () => used())).toBe(5);
  expect(used()).toBe(0);
  await expect(
    rows.use(row, () => {
      throw new Error('no image');
    }),
  ).rejects.toThrow('no image');
  expect(used()).toBe(0);
  expect(rows.takeBytes()).toBe(40_000);
});

it('a library gets bytes of a request in memory that is not shared', async () => {
  const rows = createThreadRowBytes(LIMITS, createSharedBudget(budgetMemory(), MB));
  const bytes = new Uint8Array(new SharedArrayBuffer(3));
  bytes.set([1, 2, 3]);
  const read = await rows.use({ bytes }, (own) => own);
  expect([...read]).toEqual([1, 2, 3]);
  expect(read.buffer).toBeInstanceOf(ArrayBuffer);
});
