/** Masks as the service sends them: compressed run lengths of COCO, column by column. */
import type { Mask } from './marks.ts';

/** Digits of five bits in a count. No count of an image needs more. */
const MOST_DIGITS = 7;

/**
 * How many pixels are off, on, off and so on. The reverse of `compressCounts` in the lane: characters of five bits,
 * lowest first, with a bit that says whether more follow. From the fourth on, a count is the difference from the
 * count two places before.
 */
export function decodeCounts(text: string): number[] {
  const counts: number[] = [];
  let value = 0;
  let digits = 0;
  for (let i = 0; i < text.length; i++) {
    const bits = text.charCodeAt(i) - 48;
    // Multiplied, because shifts are cut to 32 bits.
    value += (bits & 0x1f) * 32 ** digits;
    digits += 1;
    if (bits & 0x20 && digits < MOST_DIGITS) continue;
    if (bits & 0x10) value -= 32 ** digits;
    if (counts.length > 2) value += counts.at(-2)!;
    counts.push(value);
    value = 0;
    digits = 0;
  }
  return counts;
}

/** The mask at another size, row by row: 1 where the nearest pixel is on. Off where the counts end too early. */
export function scaledMask({ size: [fromHeight, fromWidth], counts }: Mask, width: number, height: number) {
  const pixels = new Uint8Array(width * height);
  const runs = decodeCounts(counts);
  let run = 0;
  let end = runs[0] ?? 0;
  let last = -1;
  for (let x = 0; x < width; x++) {
    const column = Math.floor(((x + 0.5) * fromWidth) / width);
    for (let y = 0; y < height; y++) {
      const to = y * width + x;
      if (column === last) {
        pixels[to] = pixels[to - 1]!;
        continue;
      }
      const at = column * fromHeight + Math.floor(((y + 0.5) * fromHeight) / height);
      // Positions only grow, so one pass over the runs is enough.
      while (run < runs.length && at >= end) end += Math.max(0, runs[++run] ?? 0);
      pixels[to] = run < runs.length ? run % 2 : 0;
    }
    last = column;
  }
  return pixels;
}
