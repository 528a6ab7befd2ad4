/** Recognises HEIC files by their brand, and reads the size of their largest image without a decoder. Pure. */
import type { Size } from '../../resample/pillow-resampler.ts';

const BRANDS_AT = 8;
const TYPE_AT = 4;
const MOST_BRAND_BYTES = 256;

/** For an image that is neither HEIC nor AVIF, this costs at most a few comparisons. */
export function isHeic(image: Uint8Array): boolean {
  if (image[TYPE_AT] !== F || image[TYPE_AT + 1] !== T || image[TYPE_AT + 2] !== Y) return false;
  const bytes = asBuffer(image);
  if (bytes.length < 2 * BRANDS_AT || bytes.toString('latin1', TYPE_AT, BRANDS_AT) !== 'ftyp') return false;
  const brands = bytes.toString('latin1', BRANDS_AT, Math.min(bytes.readUInt32BE(0), MOST_BRAND_BYTES));
  // mif1 and msf1 are generic brands, which AVIF uses too.
  return (
    /^hei[cxs]|^hev[cxm]/.test(brands) || (/^(mif1|msf1)/.test(brands) && /hei[cxs]|hev[cx]/.test(brands))
  );
}

const [F, T, Y] = [0x66, 0x74, 0x79];

/**
 * The largest size that the file states for one of its images (the property `ispe`). Photos of phones are grids of
 * tiles, so the whole photo has the largest size. Null if the file states none.
 */
export function largestSize(image: Uint8Array): Size | null {
  const bytes = asBuffer(image);
  let largest: Size | null = null;
  for (let at = bytes.indexOf(SIZE_BOX); at >= 0; at = bytes.indexOf(SIZE_BOX, at + SIZE_BOX.length)) {
    const end = at + SIZE_BOX.length + 2 * 4;
    if (end > bytes.length) break;
    const size = { width: bytes.readUInt32BE(end - 8), height: bytes.readUInt32BE(end - 4) };
    if (size.width * size.height > (largest === null ? 0 : largest.width * largest.height)) largest = size;
  }
  return largest;
}

/** Length 20, type, and 4 bytes of version and flags. */
const SIZE_BOX = Buffer.from('\0\0\0\x14ispe\0\0\0\0', 'latin1');

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
