/** Masks as COCO's run lengths: how many pixels are off, on, off and so on, column by column. */

export interface RunLengths {
  /** Pixels that are on. */
  readonly area: number;
  /** Turns on `length` pixels from `start`. Runs come in ascending order and do not overlap. */
  add(start: number, length: number): void;
  /** The counts for a mask of `pixels` pixels. */
  counts(pixels: number): readonly number[];
}

export function createRunLengths(): RunLengths {
  const counts: number[] = [];
  let end = 0;
  let area = 0;
  return {
    get area() {
      return area;
    },
    add(start, length) {
      if (start === end && counts.length > 0) counts[counts.length - 1]! += length;
      else counts.push(start - end, length);
      end = start + length;
      area += length;
    },
    counts: (pixels) => (end < pixels ? [...counts, pixels - end] : counts),
  };
}

/**
 * The text that pycocotools reads (`counts` of an RLE). From the fourth on, each count is written as its difference
 * from the count two places before. Each character holds five bits, lowest first, and a sixth bit that says whether
 * more follow.
 */
export function compressCounts(counts: readonly number[]): string {
  const bytes: number[] = [];
  for (const [i, count] of counts.entries()) {
    let rest = i > 2 ? count - counts[i - 2]! : count;
    for (let more = true; more;) {
      const bits = rest & 0x1f;
      rest >>= 5;
      more = bits & 0x10 ? rest !== -1 : rest !== 0;
      bytes.push((more ? bits | 0x20 : bits) + 48);
    }
  }
  return Buffer.from(bytes).toString('latin1');
}
