// Reads COCO's compressed run lengths, as pycocotools does.

/** Returns the mask, column by column. */
export function decodeCounts(text: string, pixels: number): Uint8Array {
  const counts: number[] = [];
  for (let at = 0; at < text.length;) {
    let count = 0;
    for (let shift = 0, more = true; more; shift += 5) {
      const bits = text.charCodeAt(at++) - 48;
      count |= (bits & 0x1f) << shift;
      more = (bits & 0x20) !== 0;
      if (!more && (bits & 0x10) !== 0) count |= -1 << (shift + 5);
    }
    counts.push(counts.length > 2 ? count + counts.at(-2)! : count);
  }
  const mask = new Uint8Array(pixels);
  let at = 0;
  for (const [i, count] of counts.entries()) {
    mask.fill(i % 2, at, at + count);
    at += count;
  }
  if (at !== pixels) throw new Error(`the counts cover ${at} pixels instead of ${pixels}`);
  return mask;
}
