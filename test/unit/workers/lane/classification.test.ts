import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createClassifier } from '#forebay/workers/lane/postprocess/classification.js';

const answer = (scores: number[], topK: number, softmax = false, labels: string[] | null = null) =>
  createClassifier({ labels, softmax }).answer(Float32Array.from(scores), topK);

it('gives the K best, best first, equal scores by lower index', () => {
  expect(answer([1, 3, 2, 3, 3], 3)).toEqual({
    ok: true,
    result: '"predictions":[{"index":1,"score":3},{"index":3,"score":3},{"index":4,"score":3}]',
  });
  expect(answer([2, 1], 5)).toMatchObject({
    result: '"predictions":[{"index":0,"score":2},{"index":1,"score":1}]',
  });
});

it('agrees with sorting on many arrays', () => {
  let seed = 1;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) % 7;
  for (let round = 0; round < 200; round++) {
    const scores = Array.from({ length: 1 + (round % 12) }, random);
    const sorted = scores.map((s, i) => [s, i] as const).toSorted(([a, i], [b, j]) => b - a || i - j);
    const outcome = answer(scores, 4);
    const indices = outcome.ok ? [...outcome.result.matchAll(/"index":(\d+)/g)].map((m) => Number(m[1])) : [];
    expect(indices).toEqual(sorted.slice(0, 4).map(([, i]) => i));
  }
});

it('has a softmax that survives large logits, and sums to 1', () => {
  expect(answer([1000, 1000], 2, true)).toMatchObject({
    result: '"predictions":[{"index":0,"score":0.5},{"index":1,"score":0.5}]',
  });
});

it('escapes labels, and tells numbers that JSON cannot say', () => {
  expect(answer([1], 1, false, ['a "b"\n'])).toMatchObject({
    result: '"predictions":[{"index":0,"label":"a \\"b\\"\\n","score":1}]',
  });
  expect(answer([1, Number.NaN], 1)).toEqual({
    ok: false,
    error: { code: 'inference_failed', message: 'the model returned NaN (class 1)' },
  });
});

it('writes six digits of a score, as toPrecision would', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (score) => {
      const outcome = answer([score], 1);
      const digits = String(Number(Math.fround(score).toPrecision(6)));
      expect(outcome).toEqual({ ok: true, result: `"predictions":[{"index":0,"score":${digits}}]` });
    }),
    { numRuns: 2000 },
  );
});
