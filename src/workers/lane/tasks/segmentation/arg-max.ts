/**
 * Gives each pixel of the original image the class with the highest number, interpolated between the cells of the map.
 * Where four neighbouring cells agree on their best class, all pixels between them have it, because interpolation
 * cannot change the order. So only the borders of segments cost time per pixel. There, only the few classes that can
 * win are compared.
 */
import type { BestClasses } from './best-classes.ts';
import type { ClassMap } from './class-map.ts';
import type { Projection } from './projection.ts';
import { createRivals } from './rivals.ts';
import type { SegmentList } from './segment-list.ts';

/** `softmax`: scores are probabilities. Otherwise they are the map's numbers. */
export function addBestClasses(
  map: ClassMap,
  best: BestClasses,
  { columns, rows }: Projection,
  softmax: boolean,
  into: SegmentList,
): void {
  const { width, numbers, classStep, cellStep } = map;
  const rivals = createRivals(map, best.labels);

  function scoreOf(label: number, cell: number): number {
    const number = numbers[label * classStep + cell * cellStep]!;
    return softmax ? Math.exp(number - best.numbers[cell]!) / best.sums[cell]! : number;
  }

  /** Adds the pixels of column `x` from `y` to `end`, between four cells that disagree. */
  function addBorder(x: number, y: number, end: number, square: number): void {
    rivals.interpolate(square, columns.share[x]!);
    const start = x * rows.length;
    for (let at = y; at < end; at++) {
      const winner = rivals.winnerAt(rows.share[at]!);
      into.add(winner, start + at, 1, scoreOf(winner, rows.nearest[at]! * width + columns.nearest[x]!));
    }
  }

  const squares = rows.groups.length - 1;
  for (let strip = 0; strip < columns.groups.length - 1; strip++) {
    const from = columns.groups[strip]!;
    const to = columns.groups[strip + 1]!;
    rivals.clear();
    for (let square = 0; square < squares; square++) {
      const y = rows.groups[square]!;
      rivals.addSquare(columns.first[from]!, columns.second[from]!, rows.first[y]!, rows.second[y]!);
    }
    for (let x = from; x < to; x++) {
      for (let square = 0; square < squares; square++) {
        const y = rows.groups[square]!;
        const end = rows.groups[square + 1]!;
        const label = rivals.only(square);
        if (label === null) addBorder(x, y, end, square);
        else {
          const cell = rows.nearest[y]! * width + columns.nearest[x]!;
          into.add(label, x * rows.length + y, end - y, scoreOf(label, cell) * (end - y));
        }
      }
    }
  }
}
