/**
 * A vertical strip of squares, each between four neighbouring cells of a map. The rivals of a square are the classes
 * that can be the best one somewhere in it. Buffers are reused from strip to strip.
 */
import type { ClassMap } from './class-map.ts';

export interface Rivals {
  clear(): void;
  /** Adds the next square of the strip, by the columns and lines of its cells. */
  addSquare(left: number, right: number, top: number, bottom: number): void;
  /** The class of the whole square. Null if its cells disagree. */
  only(square: number): number | null;
  /**
   * Prepares `winnerAt` for a column of a square whose cells disagree. `share`: the weight of the cells on the right.
   */
  interpolate(square: number, share: number): void;
  /**
   * The best class at a place of that column. `share`: the weight of the cells at the bottom. The class with the lower
   * number wins a tie.
   */
  winnerAt(share: number): number;
}

/** `labels`: the best class of each cell. */
export function createRivals(map: ClassMap, labels: Int32Array): Rivals {
  const { width, height, classes, numbers, classStep, cellStep } = map;
  /** For each square: where its rivals begin, or -1 - label if it has only one class. */
  const starts = new Int32Array(height);
  const ends = new Int32Array(height);
  /** For each square: the cells top left, top right, bottom left and bottom right. */
  const corners = new Int32Array(height * 4);
  const list: number[] = [];
  let count = 0;

  /** The rivals of the column, and their numbers at its top and bottom. */
  const current = new Int32Array(classes);
  const upper = new Float64Array(classes);
  const lower = new Float64Array(classes);
  let present = 0;

  /** A class can win only if its highest number in the square reaches every other class's lowest number. */
  function addRivals(a: number, b: number, c: number, d: number): void {
    let least = -Infinity;
    for (let at = 0, label = 0; label < classes; label++, at += classStep) {
      const low = Math.min(numbers[at + a]!, numbers[at + b]!, numbers[at + c]!, numbers[at + d]!);
      if (low > least) least = low;
    }
    for (let at = 0, label = 0; label < classes; label++, at += classStep) {
      const high = Math.max(numbers[at + a]!, numbers[at + b]!, numbers[at + c]!, numbers[at + d]!);
      if (high >= least) list.push(label);
    }
  }

  return {
    clear() {
      count = 0;
      list.length = 0;
    },
    addSquare(left, right, top, bottom) {
      const [a, b] = [top * width + left, top * width + right];
      const [c, d] = [bottom * width + left, bottom * width + right];
      const label = labels[a]!;
      if (labels[b] === label && labels[c] === label && labels[d] === label) starts[count] = -1 - label;
      else {
        starts[count] = list.length;
        addRivals(a * cellStep, b * cellStep, c * cellStep, d * cellStep);
        ends[count] = list.length;
        corners.set([a * cellStep, b * cellStep, c * cellStep, d * cellStep], count * 4);
      }
      count += 1;
    },
    only: (square) => (starts[square]! < 0 ? -1 - starts[square]! : null),
    interpolate(square, share) {
      const at = square * 4;
      present = 0;
      for (let i = starts[square]!; i < ends[square]!; i++, present++) {
        const label = list[i]!;
        const from = label * classStep;
        current[present] = label;
        upper[present] =
          numbers[from + corners[at]!]! * (1 - share) + numbers[from + corners[at + 1]!]! * share;
        lower[present] =
          numbers[from + corners[at + 2]!]! * (1 - share) + numbers[from + corners[at + 3]!]! * share;
      }
    },
    winnerAt(share) {
      let winner = current[0]!;
      let most = -Infinity;
      for (let i = 0; i < present; i++) {
        const number = upper[i]! * (1 - share) + lower[i]! * share;
        if (number > most) {
          most = number;
          winner = current[i]!;
        }
      }
      return winner;
    },
  };
}
