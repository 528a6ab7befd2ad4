/** Which places of a model's map belong to the pixels of the original image. Pure. */
import type { Geometry } from '../../image/decode/geometry.ts';
import type { Size } from '../../image/resample/pillow-resampler.ts';

/** One axis. Pixels from `from` to `to` have a place in the map. The others were cropped away. */
export interface ProjectedAxis {
  readonly length: number;
  readonly from: number;
  readonly to: number;
  /** For each pixel, the two cells of the map between which it lies. At the end of the axis they are the same. */
  readonly first: Int32Array;
  readonly second: Int32Array;
  /** For each pixel, the weight of the second cell, from 0 to 1. */
  readonly share: Float64Array;
  /** For each pixel, the cell in which it lies. */
  readonly nearest: Int32Array;
  /**
   * For each group of pixels between the same two cells, where it begins. The last entry is where the last group ends.
   */
  readonly groups: Int32Array;
}

export interface Projection {
  readonly columns: ProjectedAxis;
  readonly rows: ProjectedAxis;
}

/**
 * `input`: the size of the model's input. `map`: the size of its map. Coordinates are those of pixel centres, as with
 * PyTorch's align_corners=False.
 */
export function projectMap(geometry: Geometry, input: Size, map: Size): Projection {
  const { source, resized, window, pad } = geometry;
  return {
    columns: projectAxis({
      pixels: source.width,
      scale: resized.width / source.width,
      kept: [window.left, window.left + window.width],
      shift: pad.left - window.left,
      cells: map.width,
      cellsPerInput: map.width / input.width,
    }),
    rows: projectAxis({
      pixels: source.height,
      scale: resized.height / source.height,
      kept: [window.top, window.top + window.height],
      shift: pad.top - window.top,
      cells: map.height,
      cellsPerInput: map.height / input.height,
    }),
  };
}

function projectAxis(axis: {
  readonly pixels: number;
  /** From original to resized pixels. */
  readonly scale: number;
  readonly kept: readonly [number, number];
  /** From resized pixels to pixels of the input. */
  readonly shift: number;
  readonly cells: number;
  readonly cellsPerInput: number;
}): ProjectedAxis {
  const { pixels, scale, kept, shift, cells, cellsPerInput } = axis;
  const first = new Int32Array(pixels);
  const second = new Int32Array(pixels);
  const nearest = new Int32Array(pixels);
  const share = new Float64Array(pixels);
  let from = 0;
  let to = 0;
  for (let pixel = 0; pixel < pixels; pixel++) {
    const resized = (pixel + 0.5) * scale;
    if (resized < kept[0]) from = pixel + 1;
    if (resized < kept[1]) to = pixel + 1;
    const place = (resized + shift) * cellsPerInput;
    const at = Math.min(cells - 1, Math.max(0, place - 0.5));
    first[pixel] = Math.floor(at);
    second[pixel] = Math.min(cells - 1, first[pixel]! + 1);
    share[pixel] = at - first[pixel]!;
    nearest[pixel] = Math.min(cells - 1, Math.max(0, Math.floor(place)));
  }
  from = Math.min(from, to);
  return { length: pixels, from, to, first, second, share, nearest, groups: groupsOf(first, from, to) };
}

function groupsOf(first: Int32Array, from: number, to: number): Int32Array {
  const starts = [from];
  for (let pixel = from + 1; pixel < to; pixel++) if (first[pixel] !== first[pixel - 1]) starts.push(pixel);
  if (to > from) starts.push(to);
  return Int32Array.from(starts);
}
