/**
 * Pillow's antialiased resize of 8-bit RGB, bit for bit, of only the part that is kept. Used where libvips
 * cannot follow (see decode/sharp-decoder.ts). Scheme: Pillow 11, `src/libImaging/Resample.c`: two passes,
 * horizontal first, 22-bit fixed-point weights, each pass rounded to 8 bits.
 */
import type { Geometry } from '../decode/geometry.ts';

export type Interpolation = 'bilinear' | 'bicubic';

export interface Resampling {
  /** The part of the source image that the result depends on. */
  readonly region: {
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  };
  /** From the region's RGB to the window's: window.width x window.height. */
  apply(region: Uint8Array): Uint8Array;
}

/** For a source of so many pixels, of which `geometry.window` of the resized image is kept. */
export function planResampling(
  source: { readonly width: number; readonly height: number },
  { resized, window }: Geometry,
  interpolation: Interpolation,
): Resampling {
  const columns = axis(source.width, resized.width, window.left, window.width, interpolation);
  const rows = axis(source.height, resized.height, window.top, window.height, interpolation);
  const region = { left: columns.start, top: rows.start, width: columns.length, height: rows.length };
  return { region, apply: (data) => vertical(horizontal(data, region, columns), window.width * 3, rows) };
}

/** How positions of the result are made of source positions, along one axis. */
interface Axis {
  /** First source position needed, and how many from there on. */
  readonly start: number;
  readonly length: number;
  /** By position of the result: first source position (from `start`), number of them, and their weights. */
  readonly first: Int32Array;
  readonly counts: Int32Array;
  /** `taps` a position; those of a position sum to 2^22. */
  readonly weights: Int32Array;
  readonly taps: number;
}

const PRECISION_BITS = 22;
const HALF = 1 << (PRECISION_BITS - 1);

function horizontal(data: Uint8Array, { width, height }: Resampling['region'], columns: Axis): Uint8Array {
  const { first, counts, weights, taps } = columns;
  const out = new Uint8ClampedArray(first.length * height * 3);
  let to = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < first.length; x++) {
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      let from = (y * width + first[x]!) * 3;
      const end = x * taps + counts[x]!;
      for (let k = x * taps; k < end; k++, from += 3) {
        const weight = weights[k]!;
        red = (red + data[from]! * weight) | 0;
        green = (green + data[from + 1]! * weight) | 0;
        blue = (blue + data[from + 2]! * weight) | 0;
      }
      out[to++] = red >> PRECISION_BITS;
      out[to++] = green >> PRECISION_BITS;
      out[to++] = blue >> PRECISION_BITS;
    }
  }
  return new Uint8Array(out.buffer);
}

/** Whole lines are summed at a time: they lie together in memory. */
function vertical(data: Uint8Array, stride: number, rows: Axis): Uint8Array {
  const { first, counts, weights, taps } = rows;
  const out = new Uint8ClampedArray(first.length * stride);
  const sums = new Int32Array(stride);
  for (let y = 0; y < first.length; y++) {
    sums.fill(HALF);
    for (let k = 0; k < counts[y]!; k++) {
      const weight = weights[y * taps + k]!;
      const from = (first[y]! + k) * stride;
      for (let i = 0; i < stride; i++) sums[i]! += data[from + i]! * weight;
    }
    for (let i = 0; i < stride; i++) out[y * stride + i] = sums[i]! >> PRECISION_BITS;
  }
  return new Uint8Array(out.buffer);
}

const FILTERS = {
  bilinear: { support: 1, weight: (x: number) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, weight: cubic },
} as const;

/** Keys' cubic with a = -0.5. */
function cubic(signed: number): number {
  const x = Math.abs(signed);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((x - 5) * x + 8) * x * -0.5 + 2 : 0;
}

function axis(
  source: number,
  target: number,
  from: number,
  count: number,
  interpolation: Interpolation,
): Axis {
  const filter = FILTERS[interpolation];
  const scale = source / target;
  const widening = Math.max(1, scale);
  const support = filter.support * widening;
  const taps = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(count);
  const counts = new Int32Array(count);
  const weights = new Int32Array(count * taps);
  for (let i = 0; i < count; i++) {
    const center = (from + i + 0.5) * scale;
    const low = Math.max(0, Math.trunc(center - support + 0.5));
    const high = Math.min(source, Math.trunc(center + support + 0.5));
    const exact = Array.from({ length: high - low }, (_, k) =>
      filter.weight((low + k - center + 0.5) / widening),
    );
    const sum = exact.reduce((a, b) => a + b, 0);
    first[i] = low;
    counts[i] = high - low;
    exact.forEach((weight, k) => {
      weights[i * taps + k] = Math.trunc((weight / sum) * 2 ** PRECISION_BITS + (weight < 0 ? -0.5 : 0.5));
    });
  }
  const start = first[0]!;
  const length = first[count - 1]! + counts[count - 1]! - start;
  for (let i = 0; i < count; i++) first[i]! -= start;
  return { start, length, first, counts, weights, taps };
}
