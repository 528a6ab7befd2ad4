/** Pixels into the batch tensor: normalised by table lookup, in the graph's layout and number type. */
import type { Preprocess } from '../../../shared/domain/model-contract.ts';
import type { Pixels } from '../decode/decoder.ts';
import { toHalfBits } from './half.ts';

export type InputType = 'float32' | 'float16' | 'uint8';
export type Layout = 'nchw' | 'nhwc';
/** float16 travels as its bits in a Uint16Array. */
export type TensorData = Float32Array | Uint16Array | Uint8Array;

export interface TensorFiller {
  /** Room for so many rows; content undefined. */
  allocate(rows: number): TensorData;
  /** Numbers a row takes in the tensor: crop x crop x 3. */
  readonly rowLength: number;
  /** Writes one row's crop at row `slot`. */
  fill(target: TensorData, slot: number, pixels: Pixels): void;
}

/**
 * Tensor value = (pixel * rescale - mean) / std, computed in double precision and rounded once. Mean and std
 * are in tensor channel order: for BGR models blue comes first.
 */
export function createTensorFiller(preprocess: Preprocess, type: InputType, layout: Layout): TensorFiller {
  const plane = preprocess.crop ** 2;
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

  return { rowLength, fill, allocate: (rows) => allocate(type, rows * rowLength) };
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
