import { expect, it } from 'vitest';
import { combine } from '#forebay/workers/lane/pipeline/combine.js';

const WANTED = { topK: 2, threshold: null };
const answer = (name: string, scores: readonly (readonly [number, number])[], weight = 1) => ({
  name,
  weight,
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

it('the surest model answers, and the row says which it was; of equals the first', () => {
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

it('all answers come with their models', () => {
  expect(
    JSON.parse(
      `{${combine('all', [A, { name: 'e', weight: 1, result: '"embedding":[1]' }], WANTED).result}}`,
    ),
  ).toEqual({
    answers: [
      { model: 'a', ...(JSON.parse(`{${A.result}}`) as object) },
      { model: 'e', embedding: [1] },
    ],
  });
});
