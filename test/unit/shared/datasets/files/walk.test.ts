import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createGlobFilter, type GlobFilter } from '#forebay/shared/datasets/listing/glob-filter.js';
import { walk } from '#forebay/shared/datasets/files/walk.js';

let root: string;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'forebay-walk-')));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function idsOf(filter: GlobFilter): Promise<string[]> {
  const found: string[] = [];
  const never = new AbortController().signal;
  const listing = { sorted: true, spillDir: tmpdir(), maxInMemory: 50_000, signal: never };
  const rules = { rule: 2 as const, isExplicitlyIncluded: () => true, onSkip: () => {} };
  for await (const { id } of walk({ root, filter, ...rules, skips: () => false, after: null, ...listing }))
    found.push(id);
  return found;
}

it('does not block the process while it skips files that do not match', async () => {
  for (let i = 0; i < 300; i++) await writeFile(join(root, `file-${i}`), '');
  let turns = 0;
  const slow = (): false => {
    for (const until = performance.now() + 1; performance.now() < until;);
    return false;
  };
  const ticking = setInterval(() => (turns += 1), 1);
  expect(await idsOf({ file: slow, folder: () => true })).toEqual([]);
  clearInterval(ticking);
  // The walk takes 300 ms and yields every 10 ms. Without yielding, the event loop would turn only two or three times,
  // while the folder is opened and read.
  expect(turns).toBeGreaterThan(10);
});

it('quickly walks a folder with a pattern on which a backtracking matcher takes minutes', async () => {
  await writeFile(join(root, 'a'.repeat(40)), '');
  expect(await idsOf(createGlobFilter([`${'*?'.repeat(12)}!`], []))).toEqual([]);
}, 10_000);
