// A batch whose input tensor does not fit in memory is run in parts, with rows and answers in order.
import { expect, it } from 'vitest';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import { ForebayError } from '#forebay/shared/errors.js';
import type { Answer } from '#forebay/workers/lane/models/inference.js';
import { openBatch } from '#forebay/workers/lane/models/open-batch.js';
import { createTensorPool } from '#forebay/workers/lane/image/normalise/tensor-pool.js';
import { createRowBytes } from '#forebay/workers/lane/rows/row-bytes.js';
import { LIMITS } from '../../../../support/lanes.ts';

/** A row is identified by its first byte. Rows with byte 0 do not decode. There is memory for at most `room` rows. */
function parts(room: number) {
  const calls: number[] = [];
  const allocate = (rows: number) => {
    if (rows > room) throw new RangeError('Array buffer allocation failed');
    return new Float32Array(rows);
  };
  const filler = {
    rowLength: 1,
    put: (tensor: Float32Array, slot: number, window: unknown) => {
      tensor[slot] = (window as Uint8Array)[0]!;
    },
  };
  return {
    calls,
    batch: {
      rowBytes: createRowBytes(LIMITS),
      decoder: {
        jpeg: 'sharp',
        async decodeTo(bytes: Uint8Array, put: (window: never, geometry: never) => void) {
          if (bytes[0] === 0) throw new ForebayError('decode_failed', 'no image');
          put(bytes as never, null as never);
        },
      } as never,
      filler: filler as never,
      tensors: createTensorPool({ allocate, rowLength: 1 }),
      inference: {
        roomFor: (rows: number) => rows,
        async run(tensor: ArrayLike<number>, rows: number, answer: Answer) {
          calls.push(rows);
          const outcomes = Array.from({ length: rows }, (_, i) => answer(Float32Array.of(tensor[i]!)));
          return { outcomes, timings: { prepareMs: 1, inferMs: 1, postMs: 1 } };
        },
      },
      answer: (numbers: Float32Array): RowOutcome => ({ ok: true, result: `${numbers[0]}` }),
    },
  };
}

async function answersOf(room: number, rows: readonly number[]) {
  const { calls, batch } = parts(room);
  const open = openBatch(rows.length, batch);
  const decoded = await Promise.all(
    rows.map(async (row, slot) => open.decode(slot, { bytes: Uint8Array.of(row) })),
  );
  const good = decoded.flatMap((row, slot) => (row.ok ? [slot] : []));
  const { outcomes } = await open.run(good);
  const answers = outcomes.values();
  const all = decoded.map((row) => (row.ok ? answers.next().value! : row));
  return { calls, answers: all.map((outcome) => (outcome.ok ? outcome.result : outcome.error.code)) };
}

it('a batch is run as a whole if there is memory', async () => {
  expect(await answersOf(8, [5, 0, 7])).toEqual({ calls: [2], answers: ['5', 'decode_failed', '7'] });
});

it('a batch is halved until its parts fit, and a row that does not decode keeps its place', async () => {
  const { calls, answers } = await answersOf(2, [1, 2, 3, 4, 5, 0, 7]);
  expect(answers).toEqual(['1', '2', '3', '4', '5', 'decode_failed', '7']);
  expect(Math.max(...calls)).toBeLessThanOrEqual(2);
});

it('a batch fails row by row with out_of_memory if not even one row fits', async () => {
  expect((await answersOf(0, [1, 2])).answers).toEqual(['out_of_memory', 'out_of_memory']);
});
