import { expect, it } from 'vitest';
import { createCandidates } from '#forebay/workers/lane/tasks/detection/candidates.js';
import { createClassScores } from '#forebay/workers/lane/tasks/detection/class-scores-of-box.js';
import { NAN_SCORE, NO_SCORE } from '#forebay/workers/lane/tasks/detection/head.js';
import { collectByAnchor, collectByField } from '#forebay/workers/lane/tasks/detection/yolo-boxes.js';

const form = { format: 'xyxy', scaleX: 1, scaleY: 1 } as const;
const BOX = [1, 2, 3, 4];

/** One box with these class scores, in both layouts. For a single box, both layouts have the same numbers. */
function inBothLayouts(scores: readonly number[]) {
  const parts = { anchors: 1, fields: 4 + scores.length, form };
  const numbers = Float32Array.of(...BOX, ...scores);
  return [collectByAnchor({ ...parts, before: 4, grid: null }), collectByField(parts)].map((collect) => {
    const found = createCandidates();
    collect(numbers, 0.5, found);
    return { labels: [...found.labels.subarray(0, found.count)], isRefused: found.problem !== null };
  });
}

it.each([
  [[0.1, 0.9], { labels: [1], isRefused: false }],
  [[0.1, 0.2], { labels: [], isRefused: false }],
  [[NaN, 0.9], { labels: [], isRefused: true }],
  [[0.9, NaN], { labels: [], isRefused: true }],
  [[NaN, NaN], { labels: [], isRefused: true }],
  [[-Infinity, 0.9], { labels: [1], isRefused: false }],
  [[-Infinity, -Infinity], { labels: [], isRefused: true }],
])('scores %j mean the same in both layouts, and none may be NaN', (scores, expected) => {
  expect(inBothLayouts(scores)).toEqual([expected, expected]);
});

/** The classes that a box of a DETR head has, or why its row fails. */
function classesOf(activation: 'none' | 'sigmoid' | 'softmax', numbers: number[], threshold = 0.5) {
  const found = createCandidates();
  const labels: number[] = [];
  // A third number stands for "no object".
  const read = createClassScores(activation, numbers.length, numbers.length === 3);
  read(Float32Array.from(numbers), 0, threshold, found, (_, label) => labels.push(label));
  return found.problem ?? labels;
}

it.each(['none', 'sigmoid', 'softmax'] as const)(
  'with %s, a NaN of any class fails the row',
  (activation) => {
    for (const numbers of [
      [NaN, 9],
      [9, NaN],
      [-9, NaN],
      [NaN, NaN],
    ]) {
      expect(classesOf(activation, numbers)).toBe(NAN_SCORE);
    }
    expect(classesOf(activation, [-9, 9])).toEqual([1]);
  },
);

it('-Infinity for every class fails the row, unless it is a probability of 0', () => {
  const none = [-Infinity, -Infinity];
  expect(classesOf('none', none)).toBe(NO_SCORE);
  expect(classesOf('softmax', none)).toBe(NO_SCORE);
  expect(classesOf('softmax', [...none, -Infinity])).toBe(NO_SCORE);
  expect(classesOf('softmax', [...none, NaN])).toBe(NO_SCORE);
  expect(classesOf('softmax', [9, 1, NaN])).toBe(NO_SCORE);
  expect(classesOf('softmax', [...none, 1])).toEqual([]);
  expect(classesOf('sigmoid', none)).toEqual([]);
  expect(classesOf('none', [-Infinity, 0.9])).toEqual([1]);
});

it.each([1, 1 - 2 ** -53, 1 - 2 ** -52])(
  'with sigmoid and the threshold %f, rounded scores count',
  (threshold) => {
    const logits = Array.from({ length: 200 }, (_, i) => 35 + i / 100);
    const reached = [...logits.keys()].filter(
      (i) => 1 / (1 + Math.exp(-Math.fround(logits[i]!))) >= threshold,
    );
    expect(classesOf('sigmoid', logits, threshold)).toEqual(reached);
    expect(reached).not.toHaveLength(0);
  },
);
