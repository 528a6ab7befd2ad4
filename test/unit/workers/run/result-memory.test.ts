import { expect, it } from 'vitest';
import { packOutcomes, sliceOutcomes, unpackOutcomes } from '#forebay/shared/domain/outcomes.js';
import { createBufferPool } from '#forebay/shared/process/buffer-pool.js';
import { createResultMemory } from '#forebay/workers/run/result-memory.js';
import type { RowOutcome } from '#forebay/shared/domain/row.js';

const answers = (rows: number, of: string): RowOutcome[] =>
  Array.from({ length: rows }, (_, at) =>
    at === 1
      ? { ok: false, error: { code: 'invalid_row', message: of } }
      : { ok: true, result: `"row":"${of} ${at}"` },
  );

it('keeps outcomes after the buffer of their message has other content', () => {
  const memory = createResultMemory(createBufferPool(2 ** 20));
  const all = [answers(3, 'a'), answers(5, 'ö'), answers(20_000, 'c'), answers(2, 'd')];
  const kept = all.map((some) => {
    const message = packOutcomes(some);
    const outcomes = memory.keep(message);
    message.results.fill(0);
    message.ends.fill(0);
    return outcomes;
  });
  expect(kept.map(unpackOutcomes)).toEqual(all);
});

it('keeps outcomes that are a part of those of a batch, and outcomes without a result', () => {
  const memory = createResultMemory(createBufferPool(2 ** 20));
  const batch = packOutcomes(answers(6, 'a'));
  const parts = [sliceOutcomes(batch, 0, 2), sliceOutcomes(batch, 2, 5), sliceOutcomes(batch, 1, 2)];
  expect(parts.map((some) => unpackOutcomes(memory.keep(some)))).toEqual(parts.map(unpackOutcomes));
});

it('lends its memory to the next block when it is released', () => {
  const pool = createBufferPool(2 ** 20);
  const first = createResultMemory(pool);
  const outcomes = first.keep(packOutcomes(answers(3, 'a')));
  expect(createResultMemory(pool).keep(packOutcomes(answers(3, 'b'))).results.buffer).not.toBe(
    outcomes.results.buffer,
  );
  first.release();
  first.release();
  const next = [1, 2].map(() => createResultMemory(pool).keep(packOutcomes(answers(3, 'b'))).results.buffer);
  expect(next.filter((memory) => memory === outcomes.results.buffer)).toHaveLength(1);
});
