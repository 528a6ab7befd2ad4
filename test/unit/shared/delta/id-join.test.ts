import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createIdJoin, type IdJoin, type Pair } from '#forebay/shared/delta/id-join.js';

let dir: string;
beforeAll(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'forebay-join-')));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function allOf(join: IdJoin): Promise<Pair[]> {
  const found: Pair[] = [];
  for await (const pair of join.pairs()) found.push(pair);
  return found;
}

it('pairs rows by id in the order of one side, with few rows in memory and any text as an id', async () => {
  const odd = ['', '/', 'a\u0000b', '\u0001', '\u0001u', 'é', '☃/\u0000', '\ud800', 'ā', '\u0001a'];
  const ids = [...odd, ...Array.from({ length: 300 }, (_, i) => `row ${(i * 37) % 300}`)];
  const pairs = createIdJoin({ dir, maxInMemory: 20 });
  for (const id of ids.toReversed()) if (id !== 'row 7') await pairs.addRight(id, `right ${id}`);
  await pairs.addRight('only right', '');
  for (const id of ids) await pairs.addLeft(id, `left ${id}`);
  const found = await allOf(pairs);
  expect(found).toEqual(
    ids.map((id) => ({ left: `left ${id}`, right: id === 'row 7' ? null : `right ${id}` })),
  );
  expect(readdirSync(dir)).toEqual([]);
  await pairs.close();
});

it('rows with the same id are paired in their order', async () => {
  const pairs = createIdJoin({ dir, maxInMemory: 4 });
  for (const n of [1, 2]) await pairs.addRight('x', `right ${n}`);
  for (const n of [1, 2, 3]) await pairs.addLeft('x', `left ${n}`);
  const found = await allOf(pairs);
  expect(found.map(({ left, right }) => [left, right])).toEqual([
    ['left 1', 'right 1'],
    ['left 2', 'right 2'],
    ['left 3', null],
  ]);
  await pairs.close();
});
