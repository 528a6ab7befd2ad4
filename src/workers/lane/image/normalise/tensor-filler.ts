/** Writes pixels into the batch tensor: normalised by table lookup, in the graph's layout and number type. */
import { channelCount, type Preprocess } from '../../../../shared/tasks/image/preprocess.ts';
import { fitCrop } from '../decode/crop.ts';
import type { DecodedWindow, Pixels } from '../decode/decoder.ts';
import type { Geometry } from '../decode/geometry.ts';
import { inputFrame, type InputFrame } from '../decode/input-frame.ts';
import type { Normalisation } from '../resample/kernel.ts';
import { toHalfBits } from './half.ts';

export type InputType = 'float32' | 'float16' | 'uint8';
export type Layout = 'nchw' | 'nhwc';
/** float16 is held as bits in a Uint16Array. */
export type TensorData = Float32Array | Uint16Array | Uint8Array;

export interface TensorFiller {
  /** Allocates a tensor for this many rows. `shared`: in memory that threads can share. The content is undefined. */
  allocate(rows: number, shared?: boolean): TensorData;
  /** Numbers per row in the tensor: width x height x channels. */
  readonly rowLength: number;
  /** Writes one row's pixels at row `slot`. */
  fill(target: TensorData, slot: number, pixels: Pixels): void;
  /** Writes one row from a decoder's window. A window of the kernel becomes float32 without 8-bit pixels in between. */
  put(target: TensorData, slot: number, window: DecodedWindow, geometry: Geometry): void;
}

/**
 * Tensor value = (pixel * rescale - mean) / std, computed in double precision and rounded once. Mean and std are in the
 * tensor's channel order, so for BGR models blue comes first.
 */
export function createTensorFiller(preprocess: Preprocess, type: InputType, layout: Layout): TensorFiller {
  const frame = inputFrame(preprocess);
  const channels = channelCount(preprocess);
  const plane = frame.width * frame.height;
  const rowLength = plane * channels;
  const tables = Array.from({ length: channels }, (_, channel) => lookupTable(preprocess, type, channel));
  const [step, channelStride] = layout === 'nchw' ? [1, plane] : [channels, 1];

  const [first, second, third] =
    preprocess.color_order === 'rgb' ? ([0, 1, 2] as const) : ([2, 1, 0] as const);

  function fill(target: TensorData, slot: number, pixels: Pixels): void {
    const at = slot * rowLength;
    if (channels === 1) fillGrey(target, at, pixels);
    else fillColours(target, at, pixels);
  }

  function fillGrey(target: TensorData, at: number, pixels: Pixels): void {
    const [table] = tables;
    for (let i = 0, from = first; i < plane; i++, from += 3) target[at + i] = table![pixels[from]!]!;
  }

  /** In one pass, which takes 0.6 of the time of a pass for each channel. */
  function fillColours(target: TensorData, at: number, pixels: Pixels): void {
    const [a, b, c] = tables as [TensorData, TensorData, TensorData];
    for (let i = 0, from = 0; i < plane; i++, from += 3) {
      const to = at + i * step;
      target[to] = a[pixels[from + first]!]!;
      target[to + channelStride] = b[pixels[from + second]!]!;
      target[to + 2 * channelStride] = c[pixels[from + third]!]!;
    }
  }

  const normalisation = type === 'float32' ? normalisationOf(preprocess, tables, layout) : null;
  const padNumbers = tables.map((table, channel) => table[padOf(preprocess, frame, channel)]!);

  function put(target: TensorData, slot: number, window: DecodedWindow, geometry: Geometry): void {
    if (normalisation === null || window.normalised === undefined) {
      fill(target, slot, fitCrop(window.pixels(), geometry, frame));
      return;
    }
    const values = window.normalised(normalisation);
    if (values.length === rowLength) target.set(values, slot * rowLength);
    else putPadded(target.subarray(slot * rowLength, (slot + 1) * rowLength), values, geometry);
  }

  function putPadded(row: TensorData, values: Float32Array, { window, pad }: Geometry): void {
    const { width, height } = frame;
    const before = pad.top * width + pad.left;
    const end = (pad.top + window.height - 1) * width + pad.left + window.width;
    putPad(row, 0, before);
    putPad(row, end, plane);
    for (let y = 1; y < window.height && window.width < width; y++) {
      const next = before + y * width;
      putPad(row, next - width + window.width, next);
    }
    // nchw has one number per pixel in each of its planes. nhwc has one plane with the channels side by side.
    const [images, per] = layout === 'nchw' ? [channels, 1] : [1, channels];
    const line = window.width * per;
    for (let y = 0; y < images * window.height; y++) {
      const top = Math.floor(y / window.height) * height + pad.top + (y % window.height);
      row.set(values.subarray(y * line, (y + 1) * line), (top * width + pad.left) * per);
    }
  }

  /** `from`, `to`: pixels, counted line by line. */
  function putPad(row: TensorData, from: number, to: number): void {
    const [first] = padNumbers;
    if (layout === 'nchw') {
      for (const [channel, number] of padNumbers.entries()) {
        row.fill(number, channel * plane + from, channel * plane + to);
      }
    } else if (padNumbers.every((number) => number === first)) {
      row.fill(first!, from * channels, to * channels);
    } else {
      for (let at = from * channels; at < to * channels; at++) row[at] = padNumbers[at % channels]!;
    }
  }

  return { rowLength, fill, put, allocate: (rows, shared) => allocate(type, rows * rowLength, shared) };
}

/** The pixel value of a channel around smaller images. */
function padOf({ color_order }: Preprocess, { pad }: InputFrame, channel: number): number {
  return pad[color_order === 'rgb' ? channel : 2 - channel]!;
}

/** By content, so that the kernel notices if the next model wants the numbers that it has made for the last one. */
const normalisations = new Map<string, WeakRef<Normalisation>>();

function normalisationOf(
  preprocess: Preprocess,
  byChannel: readonly TensorData[],
  layout: Layout,
): Normalisation {
  const { rescale, mean, std, color_order } = preprocess;
  const key = JSON.stringify([rescale, mean, std, color_order, byChannel.length, layout]);
  const known = normalisations.get(key)?.deref();
  if (known !== undefined) return known;
  const made = makeNormalisation(preprocess, byChannel, layout);
  normalisations.set(key, new WeakRef(made));
  return made;
}

function makeNormalisation(
  { color_order }: Preprocess,
  byChannel: readonly TensorData[],
  layout: Layout,
): Normalisation {
  const count = byChannel.length === 1 ? 1 : 3;
  const rgb = color_order === 'rgb' ? ([0, 1, 2] as const) : ([2, 1, 0] as const);
  const channels = count === 1 ? ([0, 0, 0] as const) : rgb;
  const tables = new Float32Array(3 * 256);
  for (const [colour, channel] of channels.entries()) tables.set(byChannel[channel]!, colour * 256);
  return { tables, channels, count, planar: layout === 'nchw' };
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

function allocate(type: InputType, length: number, shared = false): TensorData {
  const { create, bytes } = NUMBERS[type];
  return create(shared ? new SharedArrayBuffer(length * bytes) : new ArrayBuffer(length * bytes));
}

const NUMBERS: Readonly<
  Record<InputType, { readonly bytes: number; readonly create: (memory: ArrayBufferLike) => TensorData }>
> = {
  float32: { bytes: 4, create: (memory) => new Float32Array(memory) },
  float16: { bytes: 2, create: (memory) => new Uint16Array(memory) },
  uint8: { bytes: 1, create: (memory) => new Uint8Array(memory) },
};
