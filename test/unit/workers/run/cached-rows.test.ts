import { expect, it } from 'vitest';
import { packOutcomes, unpackOutcomes, type Outcomes } from '#forebay/shared/domain/outcomes.js';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import type { BudgetedRead } from '#forebay/workers/intake/read/budgeted-reader.js';
import { createCachedRows, type RunCache } from '#forebay/workers/run/cached-rows.js';

function openRun(kept: Record<string, { result: string; isOld: boolean }> = {}) {
  const written: string[] = [];
  const run: RunCache = {
    tenant: 'default',
    keyOf: (input) => ('bytes' in input ? Buffer.from(input.bytes).toString() : null),
    cache: {
      get: async (_, key) => kept[key] ?? null,
      put: async (_, key, result) => void written.push(`${key}=${result}`),
    },
    mayKeep: (result) => result !== '"partial"',
    firsts: new Map(),
    taken: { bytes: 0 },
  };
  const released: number[] = [];

  /** Reads rows with these contents. Returns those that a lane must answer, and `end`. */
  async function read(contents: readonly string[]) {
    const rows = createCachedRows(run, contents.length);
    const reading = rows.reading((at): BudgetedRead => ({
      ok: true,
      input: { bytes: Buffer.from(contents[at]!) },
      ms: 0,
      blockedMs: 0,
      release: () => void released.push(at),
    }));
    const reads = await Promise.all(contents.map(async (_, at) => reading(at)));
    return { rows, forLanes: contents.filter((_, at) => reads[at]!.ok) };
  }
  return { read, written, released };
}

const FAILED: RowOutcome = { ok: false, error: { code: 'decode_failed', message: 'broken' } };
const ofRows = (outcomes: readonly Outcomes[]) =>
  outcomes.flatMap(unpackOutcomes).map((outcome) => (outcome.ok ? outcome.result : outcome.error.message));
const answers = (...texts: string[]) =>
  Promise.resolve([packOutcomes(texts.map((result) => (result === '' ? FAILED : { ok: true, result })))]);

it('only the first of equal rows goes to a lane, failed and partial results are not kept, old ones are renewed', async () => {
  const { read, written, released } = openRun({
    a: { result: '"A"', isOld: false },
    b: { result: '"B"', isOld: true },
  });
  const { rows, forLanes } = await read(['a', 'x', 'b', 'x', 'bad', 'bad', 'p']);
  expect(forLanes).toEqual(['x', 'bad', 'p']);
  // The bytes of the other rows are not held until the block ends.
  expect(released.toSorted((a, b) => a - b)).toEqual([0, 2, 3, 5]);
  const all = await rows.end(answers('', '"X"', '', '', '', '', '"partial"'));
  expect(ofRows(all)).toEqual(['"A"', '"X"', '"B"', '"X"', 'broken', 'broken', '"partial"']);
  expect(written.toSorted()).toEqual(['b="B"', 'x="X"']);
  expect(rows.counts()).toEqual({ hits: 3, misses: 3 });
});

it('equal rows of two chunks wait for each other without a deadlock', async () => {
  const { read } = openRun();
  const one = await read(['x']);
  const two = await read(['y', 'x']);
  const more = await read(['y']);
  const ends = [more.rows.end(answers('')), two.rows.end(answers('"Y"', '')), one.rows.end(answers('"X"'))];
  expect((await Promise.all(ends)).map(ofRows)).toEqual([['"Y"'], ['"Y"', '"X"'], ['"X"']]);
});

it('rows that wait for a row that was given up are given up, too', async () => {
  const { read } = openRun();
  const one = await read(['x']);
  const two = await read(['x']);
  const waiting = two.rows.end(answers(''));
  await expect(one.rows.end(Promise.reject(new Error('aborted')))).rejects.toThrow('aborted');
  await expect(waiting).rejects.toThrow('aborted');
});
