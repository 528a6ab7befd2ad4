// A batch that does not fit in memory is prepared and run in parts, with rows and answers in order.
import { unpackOutcomes } from '#forebay/shared/domain/outcomes.js';
import { expect, it } from 'vitest';
import { createInference, type RunCalls } from '#forebay/workers/lane/models/inference.js';
import { openBatch } from '#forebay/workers/lane/models/open-batch.js';
import type { TaskBatch } from '#forebay/workers/lane/tasks/task.js';
import type { Feeds } from '#forebay/workers/lane/tasks/tensors.js';

/** The first byte of a row is its answer. A row of 0 cannot be prepared. There is memory for at most `room` rows. */
function batchOf(rows: number, room: number): TaskBatch {
  if (rows > room) throw new RangeError('Array buffer allocation failed');
  const values: number[] = [];
  return {
    prepare: async (at, row) => {
      values[at] = (row as { bytes: Uint8Array }).bytes[0]!;
      return values[at] === 0 ? { code: 'decode_failed', message: 'no image' } : null;
    },
    calls: (some) => [some],
    feeds: (some) => ({
      x: { type: 'float32', dims: [some.length], data: Float32Array.from(some, (at) => values[at]!) },
    }),
    answers: ({ x }) => Array.from(x!.data as Float32Array, (value) => ({ ok: true, result: `${value}` })),
    release: () => {},
  };
}

async function answersOf(room: number, rows: readonly number[], how?: RunCalls) {
  const calls: number[] = [];
  const run = async (feeds: Feeds) => {
    calls.push(feeds['x']!.dims[0]!);
    return feeds;
  };
  const inference = createInference({ session: { run }, outputs: ['x'], fixedBatch: null });
  const open = openBatch(rows.length, { open: (some) => batchOf(some, room), inference });
  const errors = await Promise.all(
    rows.map(async (row, at) => open.prepare(at, { bytes: Uint8Array.of(row) })),
  );
  const { outcomes } = await open.run(
    errors.flatMap((error, at) => (error === null ? [at] : [])),
    how,
  );
  const answers = unpackOutcomes(outcomes).values();
  const all = errors.map((error) => (error === null ? answers.next().value! : { ok: false as const, error }));
  return { calls, answers: all.map((outcome) => (outcome.ok ? outcome.result : outcome.error.code)) };
}

it('a batch is run as a whole if there is memory', async () => {
  expect(await answersOf(8, [5, 0, 7])).toEqual({ calls: [2], answers: ['5', 'decode_failed', '7'] });
});

it('a batch is run in calls of at most the given rows, and something else may run between two of them', async () => {
  let turns = 0;
  const how = { callRows: 2, between: async () => void (turns += 1) };
  expect(await answersOf(8, [1, 2, 0, 4, 5, 6], how)).toEqual({
    calls: [2, 2, 1],
    answers: ['1', '2', 'decode_failed', '4', '5', '6'],
  });
  expect(turns).toBe(2);
});

it('a batch is halved until its parts fit, and a row that cannot be prepared keeps its place', async () => {
  const { calls, answers } = await answersOf(2, [1, 2, 3, 4, 5, 0, 7]);
  expect(answers).toEqual(['1', '2', '3', '4', '5', 'decode_failed', '7']);
  expect(Math.max(...calls)).toBeLessThanOrEqual(2);
});

it('a batch fails row by row with out_of_memory if not even one row fits', async () => {
  expect((await answersOf(0, [1, 2])).answers).toEqual(['out_of_memory', 'out_of_memory']);
});
