import { expect, it } from 'vitest';
import { combine, withField, withModel } from '#forebay/workers/lane/pipeline/combine.js';
import { confidenceOf, whyUnscored } from '#forebay/workers/lane/pipeline/scored.js';

const WANTED = { topK: 2, threshold: null };
const answer = (name: string, scores: readonly (readonly [number, number])[], weight = 1) => ({
  name,
  weight,
  isCode: false,
  numbers: null,
  result: `"predictions":${JSON.stringify(scores.map(([index, score]) => ({ index, label: `c${index}`, score })))}`,
});
const A = answer('a', [
  [0, 0.6],
  [1, 0.3],
  [2, 0.1],
]);
const B = answer(
  'b',
  [
    [1, 0.9],
    [0, 0.05],
  ],
  3,
);
const C = answer('c', [
  [0, 0.5],
  [2, 0.5],
]);

it('the surest model answers, and the row says which it was; of equally sure models, the first one answers', () => {
  expect(combine('max_confidence', [A, B, C], WANTED)).toEqual({
    result: `${B.result},"model":"b"`,
    by: 'b',
  });
  expect(combine('max_confidence', [C, { ...C, name: 'd' }], WANTED).by).toBe('c');
});

it('an average weighs the models, and counts a class that a model leaves out as 0', () => {
  const { result, by } = combine('average', [A, B], WANTED);
  expect(result).toBe(
    '"predictions":[{"index":1,"label":"c1","score":0.75},{"index":0,"label":"c0","score":0.1875}]',
  );
  expect(by).toBeNull();
});

it('a vote counts first classes, and scores decide between equal counts', () => {
  expect(combine('vote', [A, B, C], WANTED).result).toBe(
    '"predictions":[{"index":0,"label":"c0","score":0.6666667},{"index":1,"label":"c1","score":0.33333334}]',
  );
  expect(combine('vote', [A, B], { topK: 1, threshold: null }).result).toContain('"index":1,');
});

it('classes that another model numbers differently are found by their names', () => {
  const numbers = new Map([0, 1, 2].map((index) => [`c${2 - index}`, 2 - index]));
  const swapped = {
    ...A,
    name: 's',
    numbers,
    result: A.result.replaceAll(/"index":(\d)/g, (_, n) => `"index":${2 - Number(n)}`),
  };
  expect(swapped.result).not.toBe(A.result);
  for (const mode of ['average', 'vote'] as const)
    expect(combine(mode, [swapped, B, C], WANTED)).toEqual(combine(mode, [A, B, C], WANTED));
});

it('all answers come with their models', () => {
  expect(
    JSON.parse(
      `{${combine('all', [A, { name: 'e', weight: 1, isCode: false, numbers: null, result: '"embedding":[1]' }], WANTED).result}}`,
    ),
  ).toEqual({
    answers: [
      { model: 'a', ...(JSON.parse(`{${A.result}}`) as object) },
      { model: 'e', embedding: [1] },
    ],
  });
});

it('classes without a number are the same class if they have the same name', () => {
  const code = (name: string, ...classes: readonly (readonly [string, number])[]) => ({
    ...answer(name, []),
    isCode: true,
    result: `"predictions":${JSON.stringify(classes.map(([label, score]) => ({ label, score })))}`,
  });
  const [d, e] = [code('d', ['cat', 0.5], ['dog', 0.25]), code('e', ['dog', 0.75], ['c1', 0.25])];
  expect(combine('average', [d, e], WANTED).result).toBe(
    '"predictions":[{"label":"dog","score":0.5},{"label":"cat","score":0.25}]',
  );
  expect(combine('average', [e, A], WANTED).result).toBe(
    '"predictions":[{"label":"dog","score":0.375},{"index":0,"label":"c0","score":0.3}]',
  );
  expect(combine('vote', [d, e, e], WANTED).result).toBe(
    '"predictions":[{"label":"dog","score":0.6666667},{"label":"cat","score":0.33333334}]',
  );
});

it('what code answers has scores that can be compared, or a reason', () => {
  const why = (predictions: unknown) => whyUnscored(`"predictions":${JSON.stringify(predictions)}`);
  expect(
    why([
      { index: 1, score: 0.5 },
      { label: 'a', score: 0 },
    ]),
  ).toBeNull();
  expect(why([null])).toBe('predictions.0 is no object');
  expect(
    why([
      { index: 1, score: 1 },
      { label: 'a', score: 'high' },
    ]),
  ).toBe('predictions.1.score is not a 32-bit number');
  expect(why([{ index: 1, score: 1e300 }])).toBe('predictions.0.score is not a 32-bit number');
  expect(why([{ index: 1.5, score: 1 }])).toBe('predictions.0.index is not a whole number');
  expect(why([{ label: 5, score: 1 }])).toBe('predictions.0.label is not a text');
  expect(why([{ score: 1 }])).toBe('predictions.0 has neither "index" nor "label"');
  expect(why({})).toBe('predictions is not a list');
  const result = '"predictions":[{"raw":{"score":9},"label":"a","score":0.5}]';
  expect(confidenceOf({ result, isCode: true })).toBe(0.5);
});

it('a field that a pipeline adds takes the place of a field of that name', () => {
  expect(withModel('"model":"mine","big":12345678901234567890', 'p')).toBe(
    '"big":12345678901234567890,"model":"p"',
  );
  expect(withModel('"text":"\\"model\\":"', 'p')).toBe('"text":"\\"model\\":","model":"p"');
  expect(withField('"member_errors":[1],"a":2', 'member_errors', '[3]')).toBe('"a":2,"member_errors":[3]');
  expect(combine('all', [{ ...A, result: '"model":"inner","answers":[1]' }], WANTED).result).toBe(
    '"answers":[{"model":"a","answers":[1]}]',
  );
});
