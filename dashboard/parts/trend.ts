/** The last values of several series, such as the memory of each worker. */

const KEPT = 60;

export type Trends = ReadonlyMap<string, readonly number[]>;

/** Adds a value to each series. Drops series without a value. */
export function withValues(before: Trends, values: readonly (readonly [string, number])[]): Trends {
  return new Map(values.map(([name, value]) => [name, [...(before.get(name) ?? []), value].slice(-KEPT)]));
}

/** A line in a box of `width` by `height`. `most`: the value at its top. */
export function trendLine(values: readonly number[], most: number, width: number, height: number): string {
  const step = width / (KEPT - 1);
  const from = KEPT - values.length;
  const y = (value: number) => height * (1 - Math.min(1, value / most));
  return values.map((value, at) => `${((from + at) * step).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
}
