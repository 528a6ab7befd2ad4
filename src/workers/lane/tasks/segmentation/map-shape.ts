/** How the numbers of a map lie in an output, from its dimensions. Pure. */
import type { Layout } from '../../../../shared/models/graph-tensor.ts';
import type { ClassMap } from './class-map.ts';

export type MapShape = Omit<ClassMap, 'numbers'>;

/**
 * `dims`: the output's dimensions, batch included. `labels`: how many classes have names, null if none. `layout`: of
 * the graph's input, which decides if nothing else does.
 */
export function mapShape(dims: readonly number[], labels: number | null, layout: Layout): MapShape {
  if (dims.length === 3) {
    const [, height, width] = dims as [number, number, number];
    return { width, height, classes: 1, classStep: width * height, cellStep: 1 };
  }
  const [, a, b, c] = dims as [number, number, number, number];
  if (channelsLast(a, c, labels, layout)) {
    return { width: b, height: a, classes: c, classStep: 1, cellStep: c };
  }
  return { width: c, height: b, classes: a, classStep: b * c, cellStep: 1 };
}

function channelsLast(second: number, last: number, labels: number | null, layout: Layout): boolean {
  for (const classes of [labels, 1]) {
    if (second === last || classes === null) continue;
    if (second === classes) return false;
    if (last === classes) return true;
  }
  return layout === 'nhwc';
}
