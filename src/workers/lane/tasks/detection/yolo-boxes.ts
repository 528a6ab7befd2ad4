/** Reads the boxes of a YOLO head out of one row's numbers. Decodes only boxes that reach the threshold. */
import { addBox, type BoxForm } from './add-box.ts';
import type { Candidates } from './candidates.ts';
import { NO_SCORE } from './head.ts';
import type { Grid } from './yolo-grid.ts';

/**
 * A row fails if a score is NaN, as in classification, or if all scores of a box are -Infinity. Scores of a box whose
 * objectness is below the threshold are not looked at.
 */
type Collect = (numbers: Float32Array, threshold: number, into: Candidates) => void;

/** For outputs in which the numbers of a box lie side by side. `before`: how many of them precede the class scores. */
export function collectByAnchor(parts: {
  readonly anchors: number;
  readonly fields: number;
  readonly before: number;
  /** Null if the graph has decoded the boxes. */
  readonly grid: Grid | null;
  readonly form: BoxForm;
}): Collect {
  const { anchors, fields, before, grid, form } = parts;
  const hasObjectness = before > 4;
  return (numbers, threshold, into) => {
    for (let anchor = 0, at = 0; anchor < anchors; anchor++, at += fields) {
      const objectness = hasObjectness ? numbers[at + 4]! : 1;
      // No class of the box can reach the threshold.
      if (objectness < threshold) continue;
      let label = 0;
      let best = -Infinity;
      for (let field = before; field < fields; field++) {
        const number = numbers[at + field]!;
        if (number > best) {
          best = number;
          label = field - before;
        } else if (Number.isNaN(number)) best = NaN;
      }
      const score = objectness * best;
      if (score >= threshold) addBox(into, form, boxAt(numbers, at, grid, anchor), score, label);
      else if (Number.isNaN(score) || best === -Infinity) into.reject(NO_SCORE);
    }
  };
}

function boxAt(numbers: Float32Array, at: number, grid: Grid | null, anchor: number) {
  const box: [number, number, number, number] = [
    numbers[at]!,
    numbers[at + 1]!,
    numbers[at + 2]!,
    numbers[at + 3]!,
  ];
  if (grid === null) return box;
  const x = grid.cells[anchor * 3]!;
  const y = grid.cells[anchor * 3 + 1]!;
  const stride = grid.cells[anchor * 3 + 2]!;
  box[0] = (box[0] + x) * stride;
  box[1] = (box[1] + y) * stride;
  box[2] = Math.exp(box[2]) * stride;
  box[3] = Math.exp(box[3]) * stride;
  return box;
}

/**
 * For outputs with one line per field, which holds that field of all boxes. They have no objectness. Reads the scores
 * in the order of memory.
 */
export function collectByField(parts: {
  readonly anchors: number;
  readonly fields: number;
  readonly form: BoxForm;
}): Collect {
  const { anchors, fields, form } = parts;
  const best = new Float32Array(anchors);
  const labels = new Int32Array(anchors);
  return (numbers, threshold, into) => {
    best.fill(-Infinity);
    for (let field = 4, at = field * anchors; field < fields; field++) {
      for (let anchor = 0; anchor < anchors; anchor++, at++) {
        const number = numbers[at]!;
        if (number > best[anchor]!) {
          best[anchor] = number;
          labels[anchor] = field - 4;
        } else if (Number.isNaN(number)) best[anchor] = NaN;
      }
    }
    for (let anchor = 0; anchor < anchors; anchor++) {
      const score = best[anchor]!;
      if (score >= threshold) {
        const box = [0, 1, 2, 3].map((field) => numbers[field * anchors + anchor]!);
        addBox(into, form, box as [number, number, number, number], score, labels[anchor]!);
      } else if (Number.isNaN(score) || score === -Infinity) into.reject(NO_SCORE);
    }
  };
}
