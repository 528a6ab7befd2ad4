/** Combines the vectors of a text's tokens into one. Pure. */
import type { TextPooling } from '../../../../shared/tasks/text-embedding.ts';

/** `vectors`: of all tokens, one after the other. `tokens`: how many of them are the text's, at least one. */
export function pool(
  vectors: Float32Array,
  tokens: number,
  width: number,
  pooling: Exclude<TextPooling, 'none'>,
): ArrayLike<number> {
  switch (pooling) {
    case 'cls':
      return vectors.subarray(0, width);
    case 'last':
      return vectors.subarray((tokens - 1) * width, tokens * width);
    case 'mean':
      return meanOf(vectors, tokens, width);
    case 'max':
      return largestOf(vectors, tokens, width);
  }
}

function meanOf(vectors: Float32Array, tokens: number, width: number): Float64Array {
  const sums = new Float64Array(width);
  for (let from = 0; from < tokens * width; from += width) {
    for (let i = 0; i < width; i++) sums[i]! += vectors[from + i]!;
  }
  for (let i = 0; i < width; i++) sums[i]! /= tokens;
  return sums;
}

function largestOf(vectors: Float32Array, tokens: number, width: number): Float32Array {
  const largest = vectors.slice(0, width);
  for (let from = width; from < tokens * width; from += width) {
    for (let i = 0; i < width; i++) largest[i] = Math.max(largest[i]!, vectors[from + i]!);
  }
  return largest;
}
