/**
 * Describes Pillow's antialiased resize of 8-bit RGB as tables: which source pixels make a pixel of the kept window,
 * with which weights. ./kernel.ts applies them. Follows Pillow 13, `src/libImaging/Resample.c` and, for nearest,
 * `Geometry.c`: two passes, with 22-bit fixed-point weights and rounding after each.
 */
import type { Preprocess } from '../../../../shared/tasks/image/preprocess.ts';
import type { Geometry } from '../decode/geometry.ts';

export type Interpolation = Preprocess['interpolation'];

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Region extends Size {
  readonly left: number;
  readonly top: number;
}

/** How positions of the result follow from source positions along one axis. */
export interface Axis {
  /** The first source position that is needed, and the number of positions from there. */
  readonly start: number;
  readonly length: number;
  /** For each position of the result, its first source position, counted from `start`. */
  readonly first: Int32Array;
  /**
   * For each position of the result, `pairs` times the high and low parts of two weights (h, h, l, l). Unused ones are
   * 0.
   */
  readonly weights: Int16Array;
  readonly pairs: number;
}

export interface ResamplingPlan {
  /** The part of the source image that the result depends on. */
  readonly region: Region;
  /** Whether the region is the whole source image. */
  readonly whole: boolean;
  readonly window: Size;
  /** Nothing is resized, so the region is the window. */
  readonly copies: boolean;
  /** The vertical pass comes first. */
  readonly tall: boolean;
  readonly columns: Axis;
  readonly rows: Axis;
}

/** `geometry.window` of the resized image is kept. */
export function planResampling(
  source: Size,
  { resized, window }: Pick<Geometry, 'resized' | 'window'>,
  interpolation: Interpolation,
): ResamplingPlan {
  const columns = axis(source.width, resized.width, window.left, window.width, interpolation);
  const rows = axis(source.height, resized.height, window.top, window.height, interpolation);
  return {
    region: { left: columns.start, top: rows.start, width: columns.length, height: rows.length },
    whole: columns.length === source.width && rows.length === source.height,
    window,
    copies: resized.width === source.width && resized.height === source.height,
    // Follows Pillow 13. Earlier versions always start with the horizontal pass.
    tall:
      source.height > resized.height && source.height - resized.height > (source.width - resized.width) * 2,
    columns,
    rows,
  };
}

/** Bits in the low part of a weight. */
const LOW_BITS = 12;
const PRECISION_BITS = 22;

type Filter = { readonly support: number; weight(x: number): number };

/** Pillow's filters, term by term. Another order of the terms would round differently. */
const FILTERS: Readonly<Record<Exclude<Interpolation, 'nearest'>, Filter>> = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, weight: cubic },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** Keys' cubic with a = -0.5. */
function cubic(signed: number): number {
  const x = Math.abs(signed);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

function axis(source: number, target: number, from: number, count: number, kind: Interpolation): Axis {
  if (source === target) return pickedPixels(count, (i) => from + i);
  if (kind === 'nearest') return pickedPixels(count, nearest(source / target, from, count));
  const filter = FILTERS[kind];
  const scale = source / target;
  const widening = Math.max(1, scale);
  const support = filter.support * widening;
  const narrowing = 1 / widening;
  const center = (i: number) => (from + i + 0.5) * scale;
  const low = (i: number) => Math.max(0, Math.trunc(center(i) - support + 0.5));
  const high = (i: number) => Math.min(source, Math.trunc(center(i) + support + 0.5));
  const first = Int32Array.from({ length: count }, (_, i) => low(i));
  const taps = first.reduce((most, at, i) => Math.max(most, high(i) - at), 0);
  const pairs = Math.ceil(taps / 2);
  const weights = new Int16Array(count * pairs * 4);
  const exact = new Float64Array(taps);
  for (let i = 0; i < count; i++) {
    const used = high(i) - low(i);
    let sum = 0;
    for (let k = 0; k < used; k++) {
      exact[k] = filter.weight((k + low(i) - center(i) + 0.5) * narrowing);
      sum += exact[k]!;
    }
    for (let k = 0; k < used; k++) {
      putWeight(weights, i * pairs, k, sum === 0 ? exact[k]! : exact[k]! / sum);
    }
  }
  return fromStart(high(count - 1), { first, weights, pairs });
}

/** Each position of the result is one source pixel. */
function pickedPixels(count: number, position: (i: number) => number): Axis {
  const first = Int32Array.from({ length: count }, (_, i) => position(i));
  const weights = new Int16Array(count * 4);
  for (let i = 0; i < count; i++) putWeight(weights, i, 0, 1);
  return fromStart(first[count - 1]! + 1, { first, weights, pairs: 1 });
}

/** Pillow adds up the step from position to position. A product would differ in the last bit. */
function nearest(step: number, from: number, count: number): (i: number) => number {
  const positions = new Int32Array(from + count);
  let at = step * 0.5;
  for (let i = 0; i < positions.length; i++, at += step) positions[i] = Math.trunc(at);
  return (i) => positions[from + i]!;
}

/** `pair`: the first pair of taps of the position. `k`: the tap within the position. */
function putWeight(weights: Int16Array, pair: number, k: number, weight: number): void {
  const fixed = Math.trunc(weight * 2 ** PRECISION_BITS + (weight < 0 ? -0.5 : 0.5));
  const at = (pair + (k >> 1)) * 4 + (k & 1);
  weights[at] = fixed >> LOW_BITS;
  weights[at + 2] = fixed & (2 ** LOW_BITS - 1);
}

function fromStart(end: number, tables: Pick<Axis, 'first' | 'weights' | 'pairs'>): Axis {
  const start = tables.first[0]!;
  for (let i = 0; i < tables.first.length; i++) tables.first[i]! -= start;
  return { start, length: end - start, ...tables };
}
