/** A model's map: numbers of some classes for each cell of a grid. */
import type { Size } from '../../image/resample/pillow-resampler.ts';

export interface ClassMap extends Size {
  readonly classes: number;
  readonly numbers: Float32Array;
  /** The number of class `c` in cell `i` is at `c * classStep + i * cellStep`. */
  readonly classStep: number;
  readonly cellStep: number;
}

export const NAN_MAP = 'the model returned NaN in its map';
