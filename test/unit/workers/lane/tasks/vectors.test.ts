import { expect, it } from 'vitest';
import { pool } from '#forebay/workers/lane/tasks/embedding/pool.js';
import { createVectorText } from '#forebay/workers/lane/tasks/embedding/vector-text.js';

// Three tokens of two numbers each. The last token is padding.
const VECTORS = Float32Array.of(1, 2, 5, -4, 100, 100);

it.each([
  ['mean', [3, -1]],
  ['cls', [1, 2]],
  ['max', [5, 2]],
  ['last', [5, -4]],
] as const)('%s pooling leaves out padding tokens', (pooling, vector) => {
  expect(Array.from(pool(VECTORS, 2, 2, pooling))).toEqual(vector);
});

it('a vector is cut first and then scaled to length 1', () => {
  const scaled = createVectorText(true);
  expect(scaled([3, 4, 12], null)).toEqual({
    ok: true,
    result: '"embedding":[0.2307692,0.3076923,0.9230769]',
  });
  expect(scaled([3, 4, 12], 2)).toEqual({ ok: true, result: '"embedding":[0.6,0.8]' });
  expect(createVectorText(false)([3, 4, 12], 2)).toEqual({ ok: true, result: '"embedding":[3,4]' });
  expect(scaled([0, 0], null)).toEqual({ ok: true, result: '"embedding":[0,0]' });
});

it('numbers that are not finite, and more dimensions than there are, are errors of the row', () => {
  const scaled = createVectorText(true);
  expect(scaled([1, NaN], null)).toMatchObject({ error: { code: 'inference_failed' } });
  expect(scaled([1, Infinity], 1)).toMatchObject({ ok: true });
  expect(scaled([1, 2], 3)).toEqual({
    ok: false,
    error: {
      code: 'config_mismatch',
      message: "dimensions is 3, but the model's embedding has 2 numbers: ask for 2 or fewer",
    },
  });
});
