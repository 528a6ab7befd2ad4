/** Finds the boxes of YOLOX: decodes the grids, scores the boxes, and drops overlapping boxes of one class. */
import { inputSize } from '../../../dist/shared/tasks/image/preprocess.js';

const STRIDES = [8, 16, 32];
const OVERLAP = 0.45;
const MOST = 100;

/**
 * @param {import('../lane.js').LaneConfig} config
 * @returns {Pick<import('./program.js').Program, 'answers'>}
 */
export function boxAnswers({ model, signature }) {
  const [{ name }] = signature.outputs;
  const cells = gridOf(inputSize(model.preprocess));
  return {
    answers(outputs, decoded) {
      const { data } = outputs[name];
      const size = data.length / decoded.length;
      return decoded.map(({ geometry }, row) => {
        const numbers = data.subarray(row * size, (row + 1) * size);
        return { detections: detect(numbers, size / (cells.length / 3), cells, geometry, model.threshold) };
      });
    },
  };
}

/** Column, row and stride of each cell. */
function gridOf({ width, height }) {
  return STRIDES.flatMap((stride) => {
    const [columns, rows] = [Math.ceil(width / stride), Math.ceil(height / stride)];
    return Array.from({ length: rows * columns }, (_, i) => [i % columns, Math.floor(i / columns), stride]);
  }).flat();
}

function detect(numbers, fields, cells, { source, resized, window, pad }, threshold) {
  const found = [];
  for (let at = 0, cell = 0; at < numbers.length; at += fields, cell += 3) {
    if (numbers[at + 4] < threshold) continue;
    let best = 5;
    for (let i = 6; i < fields; i++) if (numbers[at + i] > numbers[at + best]) best = i;
    const score = numbers[at + 4] * numbers[at + best];
    if (score < threshold) continue;
    const stride = cells[cell + 2];
    const [x, y] = [(numbers[at] + cells[cell]) * stride, (numbers[at + 1] + cells[cell + 1]) * stride];
    const [w, h] = [Math.exp(numbers[at + 2]) * stride, Math.exp(numbers[at + 3]) * stride];
    found.push({ index: best - 5, score, corners: [x - w / 2, y - h / 2, x + w / 2, y + h / 2] });
  }
  found.sort((a, b) => b.score - a.score);
  const across = (value) =>
    within(((value - pad.left + window.left) * source.width) / resized.width, source.width);
  const down = (value) =>
    within(((value - pad.top + window.top) * source.height) / resized.height, source.height);
  const kept = [];
  const answer = [];
  for (const one of found) {
    if (answer.length === MOST) break;
    const [left, top, right, bottom] = one.corners;
    const box = [across(left), down(top), across(right) - across(left), down(bottom) - down(top)];
    const isInside = box[2] > 0 && box[3] > 0;
    if (!isInside || kept.some((other) => other.index === one.index && overlap(other, one) > OVERLAP))
      continue;
    kept.push(one);
    answer.push({ index: one.index, score: one.score, box });
  }
  return answer;
}

function overlap({ corners: a }, { corners: b }) {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const both = width * height;
  return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both);
}

function within(value, most) {
  return Math.min(most, Math.max(0, value));
}
