import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Activation } from '#forebay/shared/tasks/classes/activation.js';
import { createClassifier } from '#forebay/workers/lane/tasks/classification.js';

const answer = (
  numbers: number[],
  topK: number,
  activation: Activation = 'none',
  labels: string[] | null = null,
) => createClassifier({ labels, activation }).answer(Float32Array.from(numbers), topK);
const { POSITIVE_INFINITY, NEGATIVE_INFINITY, NaN: NOT_A_NUMBER } = Number;

it('returns the K best, best first, and orders equal scores by index', () => {
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

it('computes a softmax that survives large logits and sums to 1', () => {
  expect(answer([1000, 1000], 2, 'softmax')).toMatchObject({
    result: '"predictions":[{"index":0,"score":0.5},{"index":1,"score":0.5}]',
  });
});

it('escapes labels, and reports numbers that JSON cannot hold', () => {
  expect(answer([1], 1, 'none', ['a "b"\n'])).toMatchObject({
    result: '"predictions":[{"index":0,"label":"a \\"b\\"\\n","score":1}]',
  });
  expect(answer([1, Number.NaN], 1)).toEqual({
    ok: false,
    error: { code: 'inference_failed', message: 'the model returned NaN (class 1)' },
  });
});

it('treats a logit of minus infinity as a probability of 0', () => {
  expect(answer([NEGATIVE_INFINITY, 1, NEGATIVE_INFINITY, 1], 3, 'softmax')).toEqual({
    ok: true,
    result: '"predictions":[{"index":1,"score":0.5},{"index":3,"score":0.5},{"index":0,"score":0}]',
  });
  expect(answer([NEGATIVE_INFINITY, 0], 2, 'sigmoid')).toMatchObject({
    result: '"predictions":[{"index":1,"score":0.5},{"index":0,"score":0}]',
  });
});

it.each<[string, number[], Activation, string]>([
  ['minus infinity alone', [NEGATIVE_INFINITY, NEGATIVE_INFINITY], 'softmax', '-Infinity for every class'],
  ['plus infinity', [NEGATIVE_INFINITY, POSITIVE_INFINITY], 'softmax', 'Infinity (class 1)'],
  ['plus infinity', [POSITIVE_INFINITY], 'sigmoid', 'Infinity (class 0)'],
  ['NaN', [NEGATIVE_INFINITY, NOT_A_NUMBER], 'softmax', 'NaN (class 1)'],
  ['a score of minus infinity', [1, NEGATIVE_INFINITY], 'none', '-Infinity (class 1)'],
])('makes a row of %s an error', (_what, numbers, activation, says) => {
  expect(answer(numbers, 1, activation)).toEqual({
    ok: false,
    error: { code: 'inference_failed', message: `the model returned ${says}` },
  });
});

it('scores each logit independently with sigmoid, and both labels of a binary model from its one logit', () => {
  expect(answer([0, Math.log(3)], 2, 'sigmoid')).toMatchObject({
    result: '"predictions":[{"index":1,"score":0.75},{"index":0,"score":0.5}]',
  });
  expect(answer([Math.log(3)], 2, 'sigmoid', ['no', 'yes'])).toMatchObject({
    result: '"predictions":[{"index":1,"label":"yes","score":0.75},{"index":0,"label":"no","score":0.25}]',
  });
  expect(answer([NEGATIVE_INFINITY], 2, 'sigmoid', ['no', 'yes'])).toMatchObject({
    result: '"predictions":[{"index":0,"label":"no","score":1},{"index":1,"label":"yes","score":0}]',
  });
  expect(answer([Math.log(3)], 2, 'sigmoid', ['yes'])).toMatchObject({
    result: '"predictions":[{"index":0,"label":"yes","score":0.75}]',
  });
});

it('writes scores with six significant digits, as toPrecision does', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (score) => {
      const outcome = answer([score], 1);
      const digits = String(Number(Math.fround(score).toPrecision(6)));
      expect(outcome).toEqual({ ok: true, result: `"predictions":[{"index":0,"score":${digits}}]` });
    }),
    { numRuns: 2000 },
  );
});

it('a threshold leaves out scores below it, even if nothing is left', () => {
  const classifier = createClassifier({ labels: null, activation: 'none' });
  const result = (threshold: number | null) =>
    classifier.answer(Float32Array.of(0.25, 0.75, 0.5), 3, threshold);
  expect(result(0.5)).toEqual({
    ok: true,
    result: '"predictions":[{"index":1,"score":0.75},{"index":2,"score":0.5}]',
  });
  expect(result(0.9)).toEqual({ ok: true, result: '"predictions":[]' });
  expect(result(null)).toMatchObject({ result: expect.stringContaining('"index":0') as string });
});
