import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createDatasetReading } from '#forebay/api/feeder/reading/dataset-reading.js';
import { createFilesSource } from '#forebay/shared/datasets/files/files-source.js';
import type { Cursor } from '#forebay/shared/domain/dataset-spec.js';

let root: string;
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'forebay-reading-')));
});
afterEach(async () => rm(root, { recursive: true, force: true }));

async function readingFrom(cursor: Cursor | null, block_rows: number, limit: number | null = null) {
  const reading = createDatasetReading({
    source: createFilesSource({ type: 'files', root, include: [], exclude: [], listing: 2 }),
    options: { block_rows, limit },
    position: async () => ({ nextBlock: 0, cursor, done: false }),
    signal: new AbortController().signal,
  });
  await reading.open();
  return reading;
}

const put = async (...names: string[]) => Promise.all(names.map(async (n) => writeFile(join(root, n), '')));

it.each([
  ['the last block is full', 1],
  ['the last block is short', 3],
])('the cursor has what was skipped before the last row, not after it, if %s', async (_, blockRows) => {
  await put('a.png', 'b.txt', 'c.png', 'd.txt', 'e.txt');
  const before = { not_images: { count: 1, first: ['b.txt'] } };
  const all = { not_images: { count: 3, first: ['b.txt', 'd.txt', 'e.txt'] } };

  const reading = await readingFrom(null, blockRows);
  const read = await reading.next(64);
  await reading.close();
  expect(read.cursor).toEqual({ index: 2, at: 'c.png', skipped: before });
  expect(read.skippedInAll).toEqual(all);

  // The feeder died after it had reserved these blocks. The next one reads on.
  const next = await readingFrom(read.cursor, blockRows);
  expect(await next.next(64)).toEqual({ blocks: [], cursor: null, skippedInAll: all });
});

it('nothing after the last row of the limit counts as skipped', async () => {
  await put('a.png', 'b.txt', 'c.png', 'd.txt', 'e.png');
  const reading = await readingFrom(null, 4, 2);
  const { cursor, skippedInAll } = await reading.next(64);
  expect(skippedInAll).toEqual({ not_images: { count: 1, first: ['b.txt'] } });
  expect(cursor?.skipped).toEqual(skippedInAll);
});
