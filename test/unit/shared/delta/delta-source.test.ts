import { describe, expect, it } from 'vitest';
import { createDeltaSource } from '#forebay/shared/delta/delta-source.js';
import { createKeyOf } from '#forebay/shared/delta/open-delta.js';
import { createSkippedCounter } from '#forebay/shared/datasets/skipped-counter.js';
import type { DatasetSource, SourceRow } from '#forebay/shared/datasets/source.js';
import type { Cursor } from '#forebay/shared/domain/dataset-spec.js';
import type { EarlierReader, EarlierRecord } from '#forebay/shared/storage/earlier-rows.js';

const keyOf = createKeyOf({ root: '/photos' });
const { signal } = new AbortController();

/** A listing that leaves one entry out before each of its rows. */
function listing(ids: readonly string[]): DatasetSource {
  return {
    async *read(from, _, skipped) {
      for (let index = from?.index ?? 0; index < ids.length; index++) {
        skipped?.add('hidden', `.${ids[index]}`);
        yield { row: { id: ids[index]! }, cursor: { index: index + 1, at: ids[index]! } };
      }
      skipped?.add('hidden', '.last');
    },
    count: async () => ids.length,
  };
}

interface Earlier {
  readonly id: string;
  readonly version: string | null;
  readonly failed?: boolean;
}

/** Two rows per part, as an ended output would have them. */
function reader(rows: readonly Earlier[], from: readonly number[] | null): EarlierReader {
  let next = 2 * (from?.[0] ?? 0);
  let part = from?.[0] ?? 0;
  return {
    async next() {
      const row = rows[next];
      if (row === undefined) return null;
      part = Math.floor(next / 2);
      const record: EarlierRecord = {
        failed: false,
        ...row,
        index: next,
        part,
        hash: `h${part}`,
        key: keyOf(row.id),
      };
      next += 1;
      return record;
    },
    position: () => [part],
    close: async () => undefined,
  };
}

const known = (...ids: string[]): Earlier[] => ids.map((id) => ({ id, version: 'v1' }));

function open(
  now: readonly string[],
  before: readonly Earlier[],
  changed: readonly string[] = [],
  recompute = false,
) {
  return createDeltaSource(listing(now), {
    openEarlier: async (from) => reader(before, from),
    versionOf: async ({ id }) => (changed.includes(id) ? 'v2' : 'v1'),
    keyOf,
    recompute,
  });
}

async function rowsOf(source: DatasetSource, from: Cursor | null = null): Promise<SourceRow[]> {
  const rows: SourceRow[] = [];
  for await (const row of source.read(from, signal)) rows.push(row);
  return rows;
}

async function seen(...args: Parameters<typeof open>): Promise<string[]> {
  const rows = await rowsOf(open(...args));
  return rows.map(({ row, earlier }) =>
    earlier?.is === 'taken'
      ? `${row.id} ${earlier.part}:${earlier.index} ${row.at}`
      : `${row.id} ${earlier?.is}`,
  );
}

describe('the rows of a delta job', () => {
  it('are matched by id, whatever was inserted, removed or changed', async () => {
    expect(await seen(['a', 'b', 'c'], known('a', 'b', 'c'))).toEqual(['a 0:0 v1', 'b 0:1 v1', 'c 1:2 v1']);
    expect(await seen(['0', 'a', 'aa', 'c', 'd'], known('a', 'b', 'c'), ['c'])).toEqual([
      '0 new',
      'a 0:0 v1',
      'aa new',
      'c changed',
      'd new',
    ]);
    expect(await seen(['x'], [])).toEqual(['x new']);
    expect(await seen([], known('a'))).toEqual([]);
  });

  it('are computed if they failed, if no version is known, or if the model is another', async () => {
    const before = [...known('a'), { id: 'b', version: null, failed: true }, { id: 'c', version: null }];
    expect(await seen(['a', 'b', 'c'], before)).toEqual(['a 0:0 v1', 'b failed', 'c changed']);
    expect(await seen(['a', 'b'], before, [], true)).toEqual(['a changed', 'b failed']);
  });

  it('are in the order of a folder, in which a subfolder comes before names that begin with its name', async () => {
    const ids = ['a', 'b/1', 'b/2', 'b b', 'b.png', 'é', '\u{1f600}', '\uffee'].toSorted((x, y) =>
      keyOf(x) < keyOf(y) ? -1 : 1,
    );
    expect(ids.slice(1, 5)).toEqual(['b/1', 'b/2', 'b b', 'b.png']);
    expect(ids.slice(-2)).toEqual(['\uffee', '\u{1f600}']);
    expect((await seen(ids, known(...ids))).every((text) => text.endsWith('v1'))).toBe(true);
  });

  it('are the same from every cursor on, and what was left out is counted before its row', async () => {
    const ids = Array.from({ length: 150 }, (_, i) => `f${String(i).padStart(3, '0')}`);
    const source = open(
      ids.filter((_, i) => i % 5 !== 3),
      known(...ids.filter((_, i) => i % 7 !== 2)),
      [ids[40]!],
    );
    const all = await rowsOf(source);
    for (const at of [0, 1, 63, 64, 100, 119]) {
      expect(await rowsOf(source, all[at]!.cursor)).toEqual(all.slice(at + 1));
    }
    const skipped = createSkippedCounter();
    let rows = 0;
    for await (const _ of source.read(null, signal, skipped)) {
      rows += 1;
      expect(skipped.total()['hidden']!.count).toBe(rows);
    }
    expect(skipped.total()['hidden']).toEqual({ count: rows + 1, first: ['.f000', '.f001', '.f002'] });
  });
});
