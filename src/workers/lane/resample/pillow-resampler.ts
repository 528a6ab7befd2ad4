/**
 * What Pillow's antialiased resize does with 8-bit RGB, as tables: which source pixels make a pixel of the
 * kept window, with which weights. ./kernel.ts applies them. Scheme: Pillow 13, `src/libImaging/Resample.c`
 * and, for nearest, `Geometry.c`: two passes, horizontal first, 22-bit fixed-point weights, each rounded.
 */
import type { Preprocess } from '../../../shared/domain/model-contract.ts';
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

/** How positions of the result are made of source positions, along one axis. */
export interface Axis {
  /** First source position needed, and how many from there on. */
  readonly start: number;
  readonly length: number;
  /** By position of the result: its first source position, from `start`. */
  readonly first: Int32Array;
  /** By position of the result, `pairs` times: high and low parts of two weights (h, h, l, l); unused ones 0. */
  readonly weights: Int16Array;
  readonly pairs: number;
}

export interface ResamplingPlan {
  /** The part of the source image that the result depends on. */
  readonly region: Region;
  readonly window: Size;
  /** Nothing is resized: the region is the window. */
  readonly copies: boolean;
  readonly columns: Axis;
  readonly rows: Axis;
}

/** For a source of so many pixels, of which `geometry.window` of the resized image is kept. */
export function planResampling(
  source: Size,
  { resized, window }: Geometry,
  interpolation: Interpolation,
): ResamplingPlan {
  const columns = axis(source.width, resized.width, window.left, window.width, interpolation);
  const rows = axis(source.height, resized.height, window.top, window.height, interpolation);
  return {
    region: { left: columns.start, top: rows.start, width: columns.length, height: rows.length },
    window,
    copies: resized.width === source.width && resized.height === source.height,
    columns,
    rows,
  };
}

/** Bits of a weight that its low part holds. */
const LOW_BITS = 12;
const PRECISION_BITS = 22;

type Filter = { readonly support: number; weight(x: number): number };

/** Pillow's, term by term: another order of the same terms rounds otherwise. */
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
  if (source === target) return tables(count, (i) => ({ low: from + i, weights: [1] }));
  if (kind === 'nearest') return nearest(source / target, from, count);
  const filter = FILTERS[kind];
  const scale = source / target;
  const widening = Math.max(1, scale);
  const support = filter.support * widening;
  const narrowing = 1 / widening;
  return tables(count, (i) => {
    const center = (from + i + 0.5) * scale;
    const low = Math.max(0, Math.trunc(center - support + 0.5));
    const high = Math.min(source, Math.trunc(center + support + 0.5));
    const weights = Array.from({ length: high - low }, (_, k) =>
      filter.weight((k + low - center + 0.5) * narrowing),
    );
    const sum = weights.reduce((a, b) => a + b, 0);
    return { low, weights: sum === 0 ? weights : weights.map((weight) => weight / sum) };
  });
}

/** Pillow adds the step up position by position; a product would differ in the last bit. */
function nearest(step: number, from: number, count: number): Axis {
  const positions = new Int32Array(from + count);
  let at = step * 0.5;
  for (let i = 0; i < positions.length; i++, at += step) positions[i] = Math.trunc(at);
  return tables(count, (i) => ({ low: positions[from + i]!, weights: [1] }));
}

function tables(count: number, taps: (i: number) => { low: number; weights: readonly number[] }): Axis {
  const all = Array.from({ length: count }, (_, i) => taps(i));
  const start = all[0]!.low;
  const pairs = Math.ceil(Math.max(...all.map(({ weights }) => weights.length)) / 2);
  const first = new Int32Array(count);
  const packed = new Int16Array(count * pairs * 4);
  all.forEach(({ low, weights }, i) => {
    first[i] = low - start;
    weights.forEach((weight, k) => {
      const fixed = Math.trunc(weight * 2 ** PRECISION_BITS + (weight < 0 ? -0.5 : 0.5));
      const at = (i * pairs + (k >> 1)) * 4 + (k & 1);
      packed[at] = fixed >> LOW_BITS;
      packed[at + 2] = fixed & (2 ** LOW_BITS - 1);
    });
  });
  const last = all[count - 1]!;
  return { start, length: last.low + last.weights.length - start, first, weights: packed, pairs };
}
