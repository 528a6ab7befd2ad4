import { expect, it } from 'vitest';
import { planGeometry, wholeGeometry } from '#forebay/workers/lane/image/decode/geometry.js';
import { createCandidates } from '#forebay/workers/lane/tasks/detection/candidates.js';
import { chooseBoxes } from '#forebay/workers/lane/tasks/detection/choose-boxes.js';

type Box = [left: number, top: number, right: number, bottom: number, score: number, label: number];

const WHOLE = wholeGeometry({ width: 100, height: 100 });

function found(...boxes: readonly Box[]) {
  const candidates = createCandidates();
  for (const box of boxes) candidates.add(...box);
  return candidates;
}

it('of two overlapping boxes of a class, only the better box stays, whatever the order', () => {
  const worse: Box = [10, 10, 50, 50, 0.5, 1];
  const better: Box = [12, 10, 50, 50, 0.6, 1];
  const otherClass: Box = [10, 10, 50, 50, 0.4, 2];
  const apart: Box = [60, 60, 90, 90, 0.3, 1];
  const chosen = chooseBoxes(found(worse, better, otherClass, apart), WHOLE, 10, 0.5);
  expect(chosen.map(({ score }) => score)).toEqual([0.6, 0.4, 0.3]);
  expect(chooseBoxes(found(worse, better), WHOLE, 10, null)).toHaveLength(2);
});

it('two boxes whose overlap is exactly the threshold both stay', () => {
  const boxes: Box[] = [
    [0, 0, 10, 10, 0.9, 0],
    [0, 0, 10, 5, 0.8, 0],
  ];
  expect(chooseBoxes(found(...boxes), WHOLE, 10, 0.5)).toHaveLength(2);
  expect(chooseBoxes(found(...boxes), WHOLE, 10, 0.49)).toHaveLength(1);
});

it('boxes are cut at the edges of the image, and those outside are left out', () => {
  // 200 x 100 becomes 100 x 50 in the middle of 100 x 100, so 25 lines above and below are padding.
  const geometry = planGeometry({ width: 200, height: 100 }, { resize: 'letterbox', crop: 100 });
  const boxes: Box[] = [
    [-10, 0, 50, 50, 0.9, 0],
    [0, 80, 90, 99, 0.8, 0],
    [20, 20, 20, 90, 0.7, 0],
  ];
  expect(chooseBoxes(found(...boxes), geometry, 10, null).map(({ corners }) => corners)).toEqual([
    [0, 0, 100, 50],
  ]);
});

it('boxes in a centre crop lie in the whole image', () => {
  const geometry = planGeometry({ width: 400, height: 200 }, { resize: 100, crop: 80 });
  const [box] = chooseBoxes(found([0, 0, 80, 80, 0.9, 0]), geometry, 10, null);
  expect(box!.corners).toEqual([120, 20, 280, 180]);
});

it('chooses from thousands of boxes, and takes the earlier of equal boxes first', () => {
  const boxes = Array.from({ length: 3000 }, (_, i): Box => [i % 90, 0, (i % 90) + 5, 5, 0.5, i]);
  const chosen = chooseBoxes(found(...boxes), WHOLE, 1000, 0.45);
  expect(chosen.map(({ label }) => label)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
});
