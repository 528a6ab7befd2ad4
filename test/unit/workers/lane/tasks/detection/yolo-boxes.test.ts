import { expect, it } from 'vitest';
import { createCandidates } from '#forebay/workers/lane/tasks/detection/candidates.js';
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
])('scores %j mean the same in both layouts, and none may be NaN', (scores, expected) => {
  expect(inBothLayouts(scores)).toEqual([expected, expected]);
});
