/** Creates the images of `decode-memory`: square, of any size, one for each kind that is decoded differently. */
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';

/** A soft pattern with some noise. A flat colour would compress to nothing, and pure noise takes long to encode. */
function pixels(side, channels = 3) {
  const data = Buffer.alloc(side * side * channels);
  for (let y = 0, at = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      for (let c = 0; c < channels; c++) data[at++] = ((x >> 3) + (y >> 2) * (c + 1) + ((x * y) & 7)) & 255;
    }
  }
  return sharp(data, { raw: { width: side, height: side, channels }, limitInputPixels: false });
}

const rgb = (side) => pixels(side);
const rgba = (side) => pixels(side, 4);
const deep = (side) => rgb(side).toColourspace('rgb16');

/** `make`: creates an image with this many pixels per side. `preprocess`: decode options that differ from the defaults. */
export const KINDS = {
  'jpeg 4:2:0': { make: (side) => rgb(side).jpeg() },
  'jpeg 4:4:4': { make: (side) => rgb(side).jpeg({ chromaSubsampling: '4:4:4' }) },
  'jpeg grey': { make: (side) => rgb(side).grayscale().jpeg() },
  'jpeg progressive 4:2:0': { make: (side) => rgb(side).jpeg({ progressive: true }) },
  'jpeg progressive 4:4:4': {
    make: (side) => rgb(side).jpeg({ progressive: true, chromaSubsampling: '4:4:4' }),
  },
  'jpeg cmyk': { make: (side) => rgb(side).toColourspace('cmyk').jpeg() },
  'jpeg 4:2:0, fast': { make: (side) => rgb(side).jpeg(), preprocess: { decode: 'fast' } },
  'jpeg progressive 4:4:4, fast': {
    make: (side) => rgb(side).jpeg({ progressive: true, chromaSubsampling: '4:4:4' }),
    preprocess: { decode: 'fast' },
  },
  'jpeg 4:2:0, shrink': { make: (side) => rgb(side).jpeg(), preprocess: { decode: 'shrink' } },
  'jpeg progressive 4:4:4, shrink': {
    make: (side) => rgb(side).jpeg({ progressive: true, chromaSubsampling: '4:4:4' }),
    preprocess: { decode: 'shrink' },
  },
  'jpeg 4:2:0, auto_orient, turned': {
    make: (side) => rgb(side).withMetadata({ orientation: 6 }).jpeg(),
    preprocess: { auto_orient: true },
  },
  'jpeg progressive 4:4:4, auto_orient, turned': {
    make: (side) =>
      rgb(side).withMetadata({ orientation: 6 }).jpeg({ progressive: true, chromaSubsampling: '4:4:4' }),
    preprocess: { auto_orient: true },
  },
  'png rgb': { make: (side) => rgb(side).png({ compressionLevel: 2 }) },
  'png rgba': { make: (side) => rgba(side).png({ compressionLevel: 2 }) },
  'png rgb 16 bit': { make: (side) => deep(side).png({ compressionLevel: 2 }) },
  'png rgb interlaced': { make: (side) => rgb(side).png({ progressive: true, compressionLevel: 2 }) },
  'png rgba interlaced': { make: (side) => rgba(side).png({ progressive: true, compressionLevel: 2 }) },
  'png rgba 16 bit interlaced': {
    make: (side) => rgba(side).toColourspace('rgb16').png({ progressive: true, compressionLevel: 2 }),
  },
  'png grey': { make: (side) => rgb(side).grayscale().png({ compressionLevel: 2 }) },
  'png palette': { make: (side) => rgb(side).grayscale().png({ palette: true, colours: 16, effort: 1 }) },
  'webp lossy': { make: (side) => rgb(side).webp({ effort: 0 }) },
  'webp lossy alpha': { make: (side) => rgba(side).webp({ effort: 0 }) },
  'webp lossless': { make: (side) => rgb(side).webp({ lossless: true, effort: 0 }) },
  'webp animated': { make: animated((image) => image.webp({ effort: 0 })) },
  gif: { make: (side) => rgb(side).grayscale().gif({ effort: 1, colours: 16 }) },
  'gif animated': { make: animated((image) => image.gif({ effort: 1, colours: 16 })) },
  'tiff strips lzw': { make: (side) => rgb(side).tiff({ compression: 'lzw' }) },
  'tiff strips 16 bit': { make: (side) => deep(side).tiff({ compression: 'lzw' }) },
  'tiff strips float': {
    make: (side) => rgb(side).toColourspace('scrgb').raw({ depth: 'float' }).tiff({ compression: 'lzw' }),
  },
  'tiff tiles lzw': { make: (side) => rgb(side).tiff({ compression: 'lzw', tile: true }) },
  'tiff jpeg': { make: (side) => rgb(side).tiff({ compression: 'jpeg' }) },
  'tiff cmyk': { make: (side) => rgb(side).toColourspace('cmyk').tiff({ compression: 'lzw' }) },
  'tiff 1 bit': {
    make: (side) => rgb(side).toColourspace('b-w').tiff({ compression: 'ccittfax4', bitdepth: 1 }),
  },
  'tiff turned': { make: (side) => rgb(side).withMetadata({ orientation: 6 }).tiff({ compression: 'lzw' }) },
  'tiff turned 16 bit': {
    make: (side) => deep(side).withMetadata({ orientation: 6 }).tiff({ compression: 'lzw' }),
  },
  'tiff one strip raw': { make: oneStrip({ samples: 3, bits: 8 }) },
  'tiff one strip deflate': { make: oneStrip({ samples: 3, bits: 8, deflate: true }) },
  'tiff one strip deflate 16 bit': { make: oneStrip({ samples: 3, bits: 16, deflate: true }) },
  'tiff one strip deflate 16 bit rgba': { make: oneStrip({ samples: 4, bits: 16, deflate: true }) },
  'tiff one strip deflate float rgb': { make: oneStrip({ samples: 3, bits: 32, deflate: true }) },
  'tiff ycbcr 2x2': { make: oneStrip({ samples: 3, bits: 8, ycbcr: true }) },
  'avif 4:2:0': { make: (side) => rgb(side).avif({ effort: 0, chromaSubsampling: '4:2:0' }) },
  'avif 4:4:4': { make: (side) => rgb(side).avif({ effort: 0, chromaSubsampling: '4:4:4' }) },
  'avif alpha': { make: (side) => rgba(side).avif({ effort: 0 }) },
  'avif 10 bit': { make: (side) => deep(side).avif({ effort: 0, bitdepth: 10 }) },
  'avif 10 bit 4:2:0': {
    make: (side) => deep(side).avif({ effort: 0, bitdepth: 10, chromaSubsampling: '4:2:0' }),
  },
};

function animated(encode) {
  return (side) => {
    const pages = [0, 1, 2].map((page) => ({ side, page }));
    const data = Buffer.concat(pages.map(() => Buffer.alloc(side * side * 4, 0)));
    for (let at = 0; at < data.length; at++) data[at] = at % 4 === 3 ? 255 : (at >> 9) & 255;
    const raw = { width: side, height: side * pages.length, channels: 4, pageHeight: side };
    return encode(sharp(data, { raw, limitInputPixels: false }));
  };
}

/** A TIFF with all pixels in one strip, which must be unpacked whole. libvips does not write such files. */
function oneStrip({ samples, bits, deflate = false, ycbcr = false }) {
  return (side) => {
    const length = ycbcr ? side * side * 1.5 : side * side * samples * (bits / 8);
    const data = Buffer.alloc(length);
    for (let at = 0; at < length; at++) data[at] = (at >> 4) & (bits === 32 ? 0x3f : 255);
    const strip = deflate ? deflateSync(data, { level: 1 }) : data;
    const sampleFormat = bits === 32 ? 3 : 1;
    const tags = [
      [256, 4, [side]],
      [257, 4, [side]],
      [258, 3, Array(samples).fill(bits)],
      [259, 3, [deflate ? 8 : 1]],
      [262, 3, [ycbcr ? 6 : 2]],
      [273, 4, [8]],
      [277, 3, [samples]],
      [278, 4, [side]],
      [279, 4, [strip.length]],
      [339, 3, Array(samples).fill(sampleFormat)],
      ...(samples === 4 ? [[338, 3, [2]]] : []),
      ...(ycbcr ? [[530, 3, [2, 2]]] : []),
    ].toSorted(([a], [b]) => a - b);
    const encoded = tiffOf(strip, tags);
    return { toBuffer: async () => encoded };
  };
}

function tiffOf(strip, tags) {
  const padded = Buffer.concat([strip, Buffer.alloc(strip.length % 2)]);
  const directoryAt = 8 + padded.length;
  const directory = Buffer.alloc(2 + tags.length * 12 + 4);
  const rest = [];
  let restAt = directoryAt + directory.length;
  directory.writeUInt16LE(tags.length, 0);
  for (const [i, [tag, type, values]] of tags.entries()) {
    const at = 2 + i * 12;
    const packed = Buffer.alloc(Math.max(4, values.length * (type === 3 ? 2 : 4)));
    for (const [k, value] of values.entries()) {
      if (type === 3) packed.writeUInt16LE(value, k * 2);
      else packed.writeUInt32LE(value, k * 4);
    }
    directory.writeUInt16LE(tag, at);
    directory.writeUInt16LE(type, at + 2);
    directory.writeUInt32LE(values.length, at + 4);
    if (packed.length === 4) packed.copy(directory, at + 8);
    else {
      directory.writeUInt32LE(restAt, at + 8);
      rest.push(packed);
      restAt += packed.length;
    }
  }
  const head = Buffer.from('II*\0\0\0\0\0', 'latin1');
  head.writeUInt32LE(directoryAt, 4);
  return Buffer.concat([head, padded, directory, ...rest]);
}
