/** Combines the vectors of an image's tokens, or of the positions of its feature map, into one. Pure. */
import type { ImagePooling } from '../../../../shared/tasks/image-embedding.ts';

/** How the numbers lie: number `i` of vector `v` is at `start + v * apart + i * step`. */
export interface VectorLayout {
  readonly start: number;
  readonly vectors: number;
  readonly width: number;
  readonly apart: number;
  readonly step: number;
}

export function poolImage(
  numbers: Float32Array,
  layout: VectorLayout,
  pooling: Exclude<ImagePooling, 'none'>,
  gemP: number,
): Float32Array {
  const { start, vectors, width, apart, step } = layout;
  const pooled = new Float32Array(width);
  for (let i = 0; i < width; i++) {
    const first = start + i * step;
    if (pooling === 'cls') pooled[i] = numbers[first]!;
    else if (pooling === 'mean') pooled[i] = meanOf(numbers, first, apart, vectors);
    else pooled[i] = generalisedMeanOf(numbers, first, apart, vectors, gemP);
  }
  return pooled;
}

function meanOf(numbers: Float32Array, first: number, apart: number, count: number): number {
  let sum = 0;
  for (let v = 0, at = first; v < count; v++, at += apart) sum += numbers[at]!;
  return sum / count;
}

/** GeM clamps numbers to this minimum, because it takes roots. */
const LEAST = 1e-6;

function generalisedMeanOf(
  numbers: Float32Array,
  first: number,
  apart: number,
  count: number,
  p: number,
): number {
  let sum = 0;
  for (let v = 0, at = first; v < count; v++, at += apart) {
    const number = numbers[at]!;
    // NaN must stay NaN.
    sum += (number < LEAST ? LEAST : number) ** p;
  }
  return (sum / count) ** (1 / p);
}
