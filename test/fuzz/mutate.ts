// Images whose bytes are flipped, cut, repeated or spliced.
import sharp from 'sharp';
import type { Random } from '../support/random.ts';

/**
 * Every kind of image that sharp writes, in each accepted format. The images are small, so that a mutation is likely to
 * matter.
 */
export async function renderSeeds(): Promise<Uint8Array[]> {
  const side = 64;
  const pixels = Buffer.from(Array.from({ length: side * side * 4 }, (_, i) => (i * 2654435761) >>> 24));
  const image = () => sharp(pixels, { raw: { width: side, height: side, channels: 4 } });
  const opaque = () => image().removeAlpha();
  const kinds = [
    opaque().jpeg(),
    opaque().jpeg({ progressive: true }),
    opaque().jpeg({ chromaSubsampling: '4:4:4', quality: 100 }),
    opaque().grayscale().jpeg(),
    opaque().toColourspace('cmyk').jpeg(),
    opaque().withMetadata({ orientation: 6 }).jpeg(),
    opaque().resize(256).jpeg({ optimiseScans: true }),
    image().png(),
    opaque().png({ palette: true }),
    opaque().png({ progressive: true }),
    opaque().toColourspace('rgb16').png(),
    opaque().grayscale().png({ compressionLevel: 0 }),
    image().webp(),
    image().webp({ lossless: true }),
    opaque().webp({ quality: 10, effort: 0 }),
    image().gif(),
    opaque().gif({ interFrameMaxError: 0 }),
    opaque().tiff({ compression: 'none' }),
    opaque().tiff({ compression: 'lzw', tile: true, tileWidth: 16, tileHeight: 16 }),
    opaque().tiff({ compression: 'jpeg' }),
    opaque().toColourspace('b-w').tiff({ compression: 'ccittfax4', bitdepth: 1 }),
    image().toColourspace('rgb16').tiff({ compression: 'deflate' }),
    opaque().withMetadata({ orientation: 6 }).tiff({ compression: 'deflate' }),
    opaque().toColourspace('cmyk').tiff({ compression: 'packbits' }),
    opaque().avif({ effort: 0 }),
    image().avif({ effort: 0, lossless: true }),
    opaque().avif({ effort: 0, chromaSubsampling: '4:2:0' }),
  ];
  return Promise.all(kinds.map(async (kind) => kind.toBuffer()));
}

/** Applies 1 to 4 mutations to one of the seeds. */
export function mutate(random: Random, seeds: readonly Uint8Array[]): Uint8Array {
  let bytes = Buffer.from(random.pick(seeds));
  for (let n = random.int(1, 4); n > 0; n--)
    bytes = Buffer.from(random.pick(MUTATIONS)(bytes, random, seeds));
  return new Uint8Array(bytes);
}

type Mutation = (bytes: Buffer, random: Random, seeds: readonly Uint8Array[]) => Uint8Array;

/** Returns a random position, usually within the headers. */
function place(bytes: Buffer, random: Random): number {
  return random.int(0, Math.max(0, (random.next() < 0.6 ? Math.min(bytes.length, 200) : bytes.length) - 1));
}

const MUTATIONS: readonly Mutation[] = [
  function flipBits(bytes, random) {
    for (let n = random.int(1, 8); n > 0 && bytes.length > 0; n--) {
      const at = place(bytes, random);
      bytes[at] = bytes[at]! ^ (1 << random.int(0, 7));
    }
    return bytes;
  },
  function setExtremes(bytes, random) {
    const at = place(bytes, random);
    const value = random.pick([0, 0xff, 0x7f, 0x80]);
    // fill() refuses an end after the last byte.
    bytes.fill(value, at, Math.min(bytes.length, at + random.int(1, 4)));
    return bytes;
  },
  function setNumber(bytes, random) {
    const at = place(bytes, random);
    const value = random.pick([0, 1, 0xffff, 0x7fffffff, 0xffffffff, 65_500, 16_384]);
    if (at + 4 <= bytes.length) {
      if (random.next() < 0.5) bytes.writeUInt32BE(value, at);
      else bytes.writeUInt16LE(value & 0xffff, at);
    }
    return bytes;
  },
  function cut(bytes, random) {
    return bytes.subarray(0, random.int(0, bytes.length));
  },
  function remove(bytes, random) {
    const at = place(bytes, random);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random.int(1, 64))]);
  },
  function repeat(bytes, random) {
    const at = place(bytes, random);
    const piece = bytes.subarray(at, at + random.int(1, 128));
    const times = Array.from({ length: random.int(1, 20) }, () => piece);
    return Buffer.concat([bytes.subarray(0, at), ...times, bytes.subarray(at)]);
  },
  function insertNoise(bytes, random) {
    const at = place(bytes, random);
    const noise = Buffer.from(Array.from({ length: random.int(1, 64) }, () => random.int(0, 255)));
    return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
  },
  function splice(bytes, random, seeds) {
    const other = Buffer.from(random.pick(seeds));
    return Buffer.concat([bytes.subarray(0, place(bytes, random)), other.subarray(place(other, random))]);
  },
];
