/** Finds connected areas of cells in a map, and the box around each. Pure. */
import type { Size } from '../../image/resample/pillow-resampler.ts';

export interface Area {
  /** In cells. `right` and `bottom` are not included. */
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  /** Mean of the numbers of its cells. */
  readonly mean: number;
}

/**
 * Cells with a number of at least `least` belong to the same area if they touch, also at a corner. The numbers lie line
 * by line.
 */
export function findAreas(numbers: Float32Array, { width, height }: Size, least: number): Area[] {
  const areas: Area[] = [];
  const seen = new Uint8Array(width * height);
  const stack: number[] = [];
  for (let first = 0; first < seen.length; first++) {
    if (seen[first] === 1 || !(numbers[first]! >= least)) continue;
    seen[first] = 1;
    stack.push(first);
    areas.push(spread());
  }
  return areas;

  /** Takes all cells that are connected to the one on the stack. */
  function spread(): Area {
    let [left, top, right, bottom] = [width, height, 0, 0];
    let [sum, count] = [0, 0];
    for (let cell = stack.pop(); cell !== undefined; cell = stack.pop()) {
      const x = cell % width;
      const y = (cell - x) / width;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y + 1);
      sum += numbers[cell]!;
      count += 1;
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const next = ny * width + nx;
          if (seen[next] === 1 || !(numbers[next]! >= least)) continue;
          seen[next] = 1;
          stack.push(next);
        }
      }
    }
    return { left, top, right, bottom, mean: sum / count };
  }
}
