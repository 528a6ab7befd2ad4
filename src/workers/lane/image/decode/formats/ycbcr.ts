/**
 * Converts YCbCr to RGB in place, for TIFFs that store a full set of samples per pixel. libvips returns their samples
 * unconverted. Pillow converts uncompressed files with its own tables. It leaves compressed ones to libtiff, which
 * rounds differently.
 */

interface Tables {
  readonly redOfCr: Int32Array;
  readonly greenOfCb: Int32Array;
  readonly greenOfCr: Int32Array;
  readonly blueOfCb: Int32Array;
  /** Fraction bits of the sum for green. */
  readonly greenBits: number;
}

const table = (value: (distance: number) => number) =>
  Int32Array.from({ length: 256 }, (_, i) => value(i - 128));

/** The tables of Pillow's `ConvertYCbCr.c`, with 6 fraction bits. */
const PILLOW = (): Tables => {
  const fixed = (factor: number) => table((distance) => Math.trunc(distance * factor * 64 + 0.5));
  return {
    redOfCr: fixed(1.402).map((value) => value >> 6),
    greenOfCb: fixed(-0.34414),
    greenOfCr: fixed(-0.71414),
    blueOfCb: fixed(1.772).map((value) => value >> 6),
    greenBits: 6,
  };
};

/** The tables of libtiff's `tif_color.c`, with 16 fraction bits. */
const LIBTIFF = (): Tables => {
  const fixed = (factor: number) => Math.trunc(factor * 65_536 + 0.5);
  const half = 32_768;
  const [red, green, blue] = [0.299, 0.587, 0.114];
  const [ofCr, ofCb] = [2 - 2 * red, 2 - 2 * blue];
  return {
    redOfCr: table((distance) => (fixed(ofCr) * distance + half) >> 16),
    greenOfCb: table((distance) => -fixed((ofCb * blue) / green) * distance + half),
    greenOfCr: table((distance) => -fixed((ofCr * red) / green) * distance),
    blueOfCb: table((distance) => (fixed(ofCb) * distance + half) >> 16),
    greenBits: 16,
  };
};

let tables: { readonly pillow: Tables; readonly libtiff: Tables } | undefined;

export function ycbcrToRgb(samples: Uint8Array, by: 'pillow' | 'libtiff'): void {
  tables ??= { pillow: PILLOW(), libtiff: LIBTIFF() };
  const { redOfCr, greenOfCb, greenOfCr, blueOfCb, greenBits } = tables[by];
  const clamped = new Uint8ClampedArray(samples.buffer, samples.byteOffset, samples.length);
  for (let at = 0; at < clamped.length; at += 3) {
    const y = clamped[at]!;
    const cb = clamped[at + 1]!;
    const cr = clamped[at + 2]!;
    clamped[at] = y + redOfCr[cr]!;
    clamped[at + 1] = y + ((greenOfCb[cb]! + greenOfCr[cr]!) >> greenBits);
    clamped[at + 2] = y + blueOfCb[cb]!;
  }
}
