/** Writes pixels into the batch tensor: normalised by table lookup, in the graph's layout and number type. */
import type { Preprocess } from '../../../../shared/tasks/image/preprocess.ts';
import { fitCrop } from '../decode/crop.ts';
import type { DecodedWindow, Pixels } from '../decode/decoder.ts';
import type { Geometry } from '../decode/geometry.ts';
import type { Normalisation } from '../resample/kernel.ts';
import { toHalfBits } from './half.ts';

export type InputType = 'float32' | 'float16' | 'uint8';
export type Layout = 'nchw' | 'nhwc';
/** float16 is held as bits in a Uint16Array. */
export type TensorData = Float32Array | Uint16Array | Uint8Array;

export interface TensorFiller {
  /** A tensor for this many rows. Its content is undefined. */
  allocate(rows: number): TensorData;
  /** Numbers per row in the tensor: crop x crop x 3. */
  readonly rowLength: number;
  /** Writes one row's crop at row `slot`. */
  fill(target: TensorData, slot: number, pixels: Pixels): void;
  /** Writes one row from a decoder's window. If the kernel resampled it, float32 needs no 8-bit pixels in between. */
  put(target: TensorData, slot: number, window: DecodedWindow, geometry: Geometry): void;
}

/**
 * Tensor value = (pixel * rescale - mean) / std, computed in double precision and rounded once. Mean and std are in the
 * tensor's channel order, so for BGR models blue comes first.
 */
export function createTensorFiller(preprocess: Preprocess, type: InputType, layout: Layout): TensorFiller {
  const { crop } = preprocess;
  const plane = crop ** 2;
  const rowLength = plane * 3;
  const tables = [0, 1, 2].map((channel) => lookupTable(preprocess, type, channel));
  const [step, channelStride] = layout === 'nchw' ? [1, plane] : [3, 1];

  function fill(target: TensorData, slot: number, pixels: Pixels): void {
    for (let channel = 0; channel < 3; channel++) {
      const table = tables[channel]!;
      let from = preprocess.color_order === 'rgb' ? channel : 2 - channel;
      let to = slot * rowLength + channel * channelStride;
      for (let i = 0; i < plane; i++, from += 3, to += step) target[to] = table[pixels[from]!]!;
    }
  }

  const normalisation = type === 'float32' ? normalisationOf(preprocess, tables, layout) : null;

  function put(target: TensorData, slot: number, window: DecodedWindow, geometry: Geometry): void {
    if (normalisation === null || window.normalised === undefined) {
      fill(target, slot, fitCrop(window.pixels(), geometry, crop));
      return;
    }
    const values = window.normalised(normalisation);
    if (values.length === rowLength) target.set(values, slot * rowLength);
    else putWithinBlack(target, slot, values, geometry);
  }

  function putWithinBlack(target: TensorData, slot: number, values: Float32Array, at: Geometry): void {
    const { window, pad } = at;
    const row = target.subarray(slot * rowLength, (slot + 1) * rowLength);
    fill(row, 0, new Uint8Array(rowLength));
    // nchw has three planes with one number per pixel. nhwc has one plane with three numbers per pixel.
    const [images, per] = layout === 'nchw' ? [3, 1] : [1, 3];
    const line = window.width * per;
    for (let y = 0; y < images * window.height; y++) {
      const top = Math.floor(y / window.height) * crop + pad.top + (y % window.height);
      row.set(values.subarray(y * line, (y + 1) * line), (top * crop + pad.left) * per);
    }
  }

  return { rowLength, fill, put, allocate: (rows) => allocate(type, rows * rowLength) };
}

function normalisationOf(
  { color_order }: Preprocess,
  byChannel: readonly TensorData[],
  layout: Layout,
): Normalisation {
  const channels = color_order === 'rgb' ? ([0, 1, 2] as const) : ([2, 1, 0] as const);
  const tables = new Float32Array(3 * 256);
  for (const [colour, channel] of channels.entries()) tables.set(byChannel[channel]!, colour * 256);
  return { tables, channels, planar: layout === 'nchw' };
}

function lookupTable({ rescale, mean, std }: Preprocess, type: InputType, channel: number): TensorData {
  const m = mean[channel] ?? mean[0]!;
  const s = std[channel] ?? std[0]!;
  const table = allocate(type, 256);
  for (let pixel = 0; pixel < 256; pixel++) {
    const value = (pixel * rescale - m) / s;
    table[pixel] = type === 'float16' ? toHalfBits(value) : value;
  }
  return table;
}

function allocate(type: InputType, length: number): TensorData {
  if (type === 'float32') return new Float32Array(length);
  return type === 'float16' ? new Uint16Array(length) : new Uint8Array(length);
}
