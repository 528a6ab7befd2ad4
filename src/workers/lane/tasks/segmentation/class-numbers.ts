/** Gives each pixel of the original image the class number of its cell, for maps that hold class numbers. */
import type { Size } from '../../image/resample/pillow-resampler.ts';
import type { Projection } from './projection.ts';
import type { SegmentList } from './segment-list.ts';

/** Negative numbers are no class. */
export function addClassNumbers(
  labels: ArrayLike<number>,
  { width }: Size,
  { columns, rows }: Projection,
  into: SegmentList,
): void {
  for (let x = columns.from; x < columns.to; x++) {
    const column = columns.nearest[x]!;
    const start = x * rows.length;
    for (let y = rows.from; y < rows.to;) {
      const label = labels[rows.nearest[y]! * width + column]!;
      let end = y + 1;
      while (end < rows.to && labels[rows.nearest[end]! * width + column] === label) end += 1;
      if (label >= 0) into.add(label, start + y, end - y, 0);
      y = end;
    }
  }
}
