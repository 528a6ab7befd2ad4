/**
 * Finds the pixels of the original image at which one class reaches a threshold, interpolated between the cells of the
 * map. Pixels between four cells on one side of the threshold are all on that side.
 */
import type { ClassMap } from './class-map.ts';
import type { Projection } from './projection.ts';
import type { SegmentList } from './segment-list.ts';

/**
 * `least`: the lowest number that counts. `scoreOf`: the score that belongs to a number. Returns false if a number is
 * NaN.
 */
export function addAboveThreshold(
  map: ClassMap,
  label: number,
  { columns, rows }: Projection,
  least: number,
  scoreOf: (number: number) => number,
  into: SegmentList,
): boolean {
  const { width, height, cellStep } = map;
  const numbers = map.numbers.subarray(label * map.classStep);
  for (let at = 0; at < width * height * cellStep; at += cellStep) {
    if (Number.isNaN(numbers[at])) return false;
  }
  for (let x = columns.from; x < columns.to; x++) {
    const left = columns.first[x]! * cellStep;
    const right = columns.second[x]! * cellStep;
    const share = columns.share[x]!;
    const start = x * rows.length;
    for (let group = 0; group < rows.groups.length - 1; group++) {
      const y = rows.groups[group]!;
      const end = rows.groups[group + 1]!;
      const top = rows.first[y]! * width * cellStep;
      const bottom = rows.second[y]! * width * cellStep;
      const above = numbers[top + left]! * (1 - share) + numbers[top + right]! * share;
      const below = numbers[bottom + left]! * (1 - share) + numbers[bottom + right]! * share;
      if (above >= least && below >= least) {
        into.add(label, start + y, end - y, scoreOf((above + below) / 2) * (end - y));
      } else if (above >= least || below >= least) {
        for (let at = y; at < end; at++) {
          const number = above * (1 - rows.share[at]!) + below * rows.share[at]!;
          if (number >= least) into.add(label, start + at, 1, scoreOf(number));
        }
      }
    }
  }
  return true;
}
