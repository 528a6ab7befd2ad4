/** Sets of UTF-16 code units, the characters of a regular expression without flags. */

/** Pairs of first and last code unit, sorted and not touching. */
export type CharSet = readonly number[];

const LAST = 0xffff;

/** `pairs` may be in any order and may overlap. */
export function charSet(pairs: readonly number[]): CharSet {
  const ranges: [number, number][] = [];
  for (let i = 0; i + 1 < pairs.length; i += 2) ranges.push([pairs[i]!, pairs[i + 1]!]);
  ranges.sort((a, b) => a[0] - b[0]);
  const merged: number[] = [];
  for (const [first, last] of ranges) {
    const end = merged.length - 1;
    if (end > 0 && first <= merged[end]! + 1) merged[end] = Math.max(merged[end]!, last);
    else merged.push(first, last);
  }
  return merged;
}

export function complement(set: CharSet): CharSet {
  const rest: number[] = [];
  let from = 0;
  for (let i = 0; i < set.length; i += 2) {
    if (set[i]! > from) rest.push(from, set[i]! - 1);
    from = set[i + 1]! + 1;
  }
  if (from <= LAST) rest.push(from, LAST);
  return rest;
}

export function contains(set: CharSet, code: number): boolean {
  let low = 0;
  let high = set.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (code > set[2 * middle + 1]!) low = middle + 1;
    else high = middle;
  }
  return 2 * low < set.length && code >= set[2 * low]!;
}

const DIGIT = charSet([0x30, 0x39]);
const WORD = charSet([0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a]);
const SPACE = charSet([
  0x09, 0x0d, 0x20, 0x20, 0xa0, 0xa0, 0x1680, 0x1680, 0x2000, 0x200a, 0x2028, 0x2029, 0x202f, 0x202f, 0x205f,
  0x205f, 0x3000, 0x3000, 0xfeff, 0xfeff,
]);

/** The meaning of `.`: any character except the end of a line. */
export const NO_LINE_END = complement(charSet([0x0a, 0x0a, 0x0d, 0x0d, 0x2028, 0x2029]));

/** Character classes, by the letter after the backslash. */
export const CLASSES: ReadonlyMap<string, CharSet> = new Map([
  ['d', DIGIT],
  ['D', complement(DIGIT)],
  ['w', WORD],
  ['W', complement(WORD)],
  ['s', SPACE],
  ['S', complement(SPACE)],
]);
