/** The size of a detector's input. Pure. */
import { imageDims, type GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import type { Preprocess } from '../../../../shared/tasks/image/preprocess.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The size that the graph fixes, else the first of `others` that is known. Null if none is known. */
export function inputSizeOf(
  { shape }: GraphTensor,
  ...others: readonly (Preprocess['crop'] | null | undefined)[]
): Size | null {
  const [, height, width] = imageDims(shape);
  if (typeof height === 'number' && typeof width === 'number') return { width, height };
  const known = others.find((size) => size !== null && size !== undefined);
  return typeof known === 'number' ? { width: known, height: known } : (known ?? null);
}

/** Number of cells in all grids together. `strides`: pixels per cell of each grid. */
export function placesIn({ width, height }: Size, strides: readonly number[]): number {
  return strides.reduce((sum, stride) => sum + Math.ceil(width / stride) * Math.ceil(height / stride), 0);
}
