import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { eachChunk } from '#forebay/api/http/middleware/each-chunk.js';

it('gives chunks one by one, waits for each, and frees large ones', async () => {
  const stream = new PassThrough();
  const large = Buffer.allocUnsafeSlow(50_000).fill(1);
  const seen: number[] = [];
  const read = eachChunk(stream, (chunk) => {
    seen.push(chunk.length);
    return chunk.length === 3 ? nextTurn().then(() => void seen.push(-3)) : undefined;
  });
  for (const chunk of [Buffer.from('abc'), large, Buffer.from('d')]) stream.write(chunk);
  stream.end();
  await read;
  expect(seen).toEqual([3, -3, 50_000, 1]);
  expect(large.length).toBe(0);
});

it('rejects with what the caller throws and leaves the stream open, and if the client leaves', async () => {
  const refused = new PassThrough();
  refused.write('too much');
  const reading = eachChunk(refused, () => {
    throw new Error('too large');
  });
  await expect(reading).rejects.toThrow('too large');
  expect(refused.destroyed).toBe(false);
  const left = new PassThrough();
  const read = eachChunk(left, () => {});
  left.destroy();
  await expect(read).rejects.toThrow('closed the connection');
  if (!left.closed) await once(left, 'close');
  await expect(eachChunk(left, () => {})).rejects.toThrow('closed the connection');
});
