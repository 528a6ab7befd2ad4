import { expect, it } from 'vitest';
import { createBufferPool } from '#forebay/shared/process/buffer-pool.js';

it('lends memory that was given back, to one at a time', () => {
  const pool = createBufferPool(1024 * 1024);
  const first = pool.take(100_000);
  const second = pool.take(100_000);
  expect(second.buffer).not.toBe(first.buffer);
  pool.giveBack(first.subarray(5, 10));
  // The last holder has given it back already.
  pool.giveBack(first);
  const [third, fourth] = [pool.take(70_000), pool.take(70_000)];
  expect([third.length, third.buffer === first.buffer]).toEqual([70_000, true]);
  expect(fourth.buffer).not.toBe(first.buffer);
});

it('keeps no more free memory than allowed, and nothing of other origin', () => {
  const pool = createBufferPool(200_000);
  const lent = [pool.take(100_000), pool.take(100_000)];
  for (const buffer of [...lent, Buffer.alloc(2 ** 17)]) pool.giveBack(buffer);
  const again = [1, 2, 3].map(() => pool.take(100_000).buffer);
  expect(again.filter((memory) => lent.some(({ buffer }) => buffer === memory))).toEqual([lent[0]!.buffer]);
});
