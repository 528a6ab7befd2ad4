/** Boxes from a program in Python (test/golden/make_answers.py), with which those of the service are compared. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, sharedData } from './places.js';

const golden = () => JSON.parse(readFileSync(join(root, 'test', 'golden', 'answers.json'), 'utf8')).yolox;

/** @type {import('./subjects.js').Reference} */
export const REFERENCE_BOXES = {
  rows: () => Object.keys(golden()).map((name) => sharedData('open', 'images', name)),
  options: { threshold: 0.05 },
  figure(answers) {
    const farthest = Object.values(golden()).map((expected, i) => distance(expected, answers[i].detections));
    return {
      metric: 'farthest side of a box from the reference in Python',
      value: Math.max(...farthest),
      unit: 'pixels',
      target: '<= 1',
    };
  },
};

/**
 * @param {readonly (readonly number[])[]} expected class, score, left, top, width and height of each box
 * @param {readonly { index: number, box: readonly number[] }[]} found
 * @returns pixels; Infinity if the boxes are not of the same classes
 */
function distance(expected, found) {
  if (expected.length !== found.length) return Infinity;
  const apart = expected.map(([index, , left, top, width, height], i) => {
    if (index !== found[i].index) return Infinity;
    const [l, t, w, h] = found[i].box;
    return Math.max(
      ...[l - left, t - top, l + w - left - width, t + h - top - height].map((pixels) => Math.abs(pixels)),
    );
  });
  return Math.max(0, ...apart);
}
