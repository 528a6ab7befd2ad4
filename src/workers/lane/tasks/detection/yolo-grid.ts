/** The grids of YOLOX, whose boxes are offsets from their cells. Pure. */
import type { Size } from '../../image/resample/pillow-resampler.ts';

export interface Grid {
  readonly length: number;
  /** For each place: column and row of its cell, and the pixels per cell. */
  readonly cells: Float64Array;
}

/** Lists the places of one grid after the other, each line by line. */
export function createGrid(input: Size, strides: readonly number[]): Grid {
  const length = gridLength(input, strides);
  const cells = new Float64Array(length * 3);
  let at = 0;
  for (const stride of strides) {
    const { width, height } = cellsOf(input, stride);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, at += 3) cells.set([x, y, stride], at);
    }
  }
  return { length, cells };
}

export function gridLength(input: Size, strides: readonly number[]): number {
  return strides.reduce((sum, stride) => {
    const { width, height } = cellsOf(input, stride);
    return sum + width * height;
  }, 0);
}

function cellsOf({ width, height }: Size, stride: number): Size {
  return { width: Math.ceil(width / stride), height: Math.ceil(height / stride) };
}
