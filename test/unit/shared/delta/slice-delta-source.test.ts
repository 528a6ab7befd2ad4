import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { createSliceDelta, type SlicedSource } from '#forebay/shared/delta/slice-delta-source.js';
import type { Cursor } from '#forebay/shared/domain/dataset-spec.js';
import type { EarlierRows } from '#forebay/shared/domain/earlier-rows.js';
import type { EarlierReader, EarlierRecord } from '#forebay/shared/storage/earlier-rows.js';

const { signal } = new AbortController();
const nothing = async function* () {};

/** A table of these rows. Its slices are ranges. */
function table(ids: readonly string[]): SlicedSource {
  return {
    read: nothing,
    count: async () => ids.length,
    async *slices(from, sizeAt) {
      for (let firstRow = from?.index ?? 0; firstRow < ids.length;) {
        const rows = Math.min(sizeAt(firstRow), ids.length - firstRow);
        const index = firstRow + rows;
        yield { firstRow, rows, ref: '', check: '', cursor: { index, at: `@${index}` } };
        firstRow = index;
      }
    },
    names: async ({ firstRow, count }) => ({
      firstRow,
      rows: ids.slice(firstRow, firstRow + count).map((id) => ({ id })),
    }),
  };
}

/** Three rows per part. `!` marks a row that failed, and `?` one whose version is not known. */
function reader(rows: readonly string[], from: readonly number[] | null): EarlierReader {
  const records = rows.map((text, index): EarlierRecord => {
    const part = Math.floor(index / 3);
    const version = /[!?]$/.test(text) ? null : 'v';
    const id = text.replace(/[!?]$/, '');
    return { index, id, version, failed: text.endsWith('!'), part, hash: `h${part}`, key: String(index) };
  });
  let next = 3 * (from?.[0] ?? 0);
  return {
    next: async () => records[next++] ?? null,
    position: () => [Math.floor((Math.min(next, rows.length) - 1) / 3)],
    close: async () => undefined,
  };
}

function open(now: readonly string[], before: readonly string[], recompute = false): SlicedSource {
  return createSliceDelta(table(now), {
    openEarlier: async (from) => reader(before, from),
    sort: { dir: tmpdir(), maxInMemory: 3 },
    recompute,
  });
}

interface Seen {
  readonly cursor: Cursor;
  readonly earlier: EarlierRows;
}

async function slicesOf(source: SlicedSource, size: number, from: Cursor | null = null): Promise<Seen[]> {
  const seen: Seen[] = [];
  for await (const { cursor, earlier } of source.slices(from, () => size, signal))
    seen.push({ cursor, earlier: earlier! });
  return seen;
}

/** Index in the dataset and index in the earlier output of each row that may be taken over. */
const pairsOf = (seen: readonly Seen[], size: number) =>
  seen.flatMap(({ earlier }, i) =>
    earlier.taken.flatMap(({ at, count, index }) =>
      Array.from({ length: count }, (_, n) => `${i * size + at + n}<${index + n}`),
    ),
  );

describe('the rows of a table in a delta job', () => {
  it('are found by id in any order, side by side or sorted', async () => {
    const before = ['a', 'b', 'c!', 'd?', 'e', 'f', 'g'];
    const same = await slicesOf(open(['a', 'b', 'c', 'd', 'e'], before), 2);
    expect(pairsOf(same, 2)).toEqual(['0<0', '1<1', '4<4']);
    expect(same.map(({ earlier }) => earlier.computed)).toEqual([
      { new: 0, changed: 0, failed: 0 },
      { new: 0, changed: 1, failed: 1 },
      { new: 0, changed: 0, failed: 0 },
    ]);
    const shuffled = await slicesOf(open(['a', 'new', 'g', 'c', 'f', 'x', 'b', 'y'], before), 3);
    expect(pairsOf(shuffled, 3)).toEqual(['0<0', '2<6', '4<5', '6<1']);
    expect(await slicesOf(open(['a', 'b'], before, true), 2)).toMatchObject([
      { earlier: { taken: [], computed: { new: 0, changed: 2, failed: 0 } } },
    ]);
  });

  it('are the same from every cursor on, whether rows were sorted by then or not', async () => {
    const before = Array.from({ length: 40 }, (_, i) => `r${i}`);
    const now = [
      ...before.slice(0, 14),
      'new',
      ...before.slice(14, 20),
      ...before.slice(25).toReversed(),
      'z',
    ];
    const source = open(now, before);
    const all = await slicesOf(source, 4);
    expect(pairsOf(all, 4)).toHaveLength(35);
    for (const [i, { cursor }] of all.entries())
      expect(await slicesOf(source, 4, cursor)).toEqual(all.slice(i + 1));
  });
});
