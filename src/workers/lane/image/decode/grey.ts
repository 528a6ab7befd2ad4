/**
 * Turns packed RGB to grey in place, as Pillow's `convert("L")`: three equal channels. resample/kernel.ts does the same
 * to its source.
 */
export function rgbToGrey(pixels: Uint8Array): void {
  for (let at = 0; at < pixels.length; at += 3) {
    const grey = (pixels[at]! * 19_595 + pixels[at + 1]! * 38_470 + pixels[at + 2]! * 7471 + 0x8000) >> 16;
    pixels[at] = grey;
    pixels[at + 1] = grey;
    pixels[at + 2] = grey;
  }
}
