/** Lists of values of one setting. Pure. */

export function powersOfTwo(max: number): number[] {
  const values: number[] = [];
  for (let n = 1; n <= max; n *= 2) values.push(n);
  return values;
}

export function sorted(values: readonly number[]): number[] {
  return [...new Set(values)].toSorted((a, b) => a - b);
}

/** The value whose ratio to `wanted` is nearest to 1. */
export function nearest(values: readonly number[], wanted: number): number {
  const distance = (value: number) => Math.abs(Math.log(value / wanted));
  return values.reduce((best, value) => (distance(value) < distance(best) ? value : best));
}
