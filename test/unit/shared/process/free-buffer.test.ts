import { expect, it } from 'vitest';
import { freeBuffer } from '#forebay/shared/process/free-buffer.js';

it('frees a large buffer that has its memory for itself, and no other', () => {
  const [own, small, part] = [
    Buffer.allocUnsafeSlow(100_000),
    Buffer.allocUnsafeSlow(1000),
    Buffer.allocUnsafeSlow(100_000).subarray(1),
  ];
  const before = process.memoryUsage().arrayBuffers;
  for (const buffer of [own, small, part]) freeBuffer(buffer);
  expect([own.length, small.length, part.length]).toEqual([0, 1000, 99_999]);
  expect(before - process.memoryUsage().arrayBuffers).toBeGreaterThanOrEqual(100_000);
});
