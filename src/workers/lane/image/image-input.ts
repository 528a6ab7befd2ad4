/**
 * The image input that all image tasks share. Checks that a graph takes images of the config's kind, and turns rows
 * into its input tensor.
 */
import type { RowError } from '../../../shared/domain/row.ts';
import type { GraphTensor } from '../../../shared/models/graph-tensor.ts';
import type { DecodeMode } from '../../../shared/tasks/image/decode-mode.ts';
import { channelCount, inputSize, type Preprocess } from '../../../shared/tasks/image/preprocess.ts';
import type { RowBytes } from '../rows/row-bytes.ts';
import type { LaneServices, TaskInput } from '../tasks/task.ts';
import type { TensorValue } from '../tasks/tensors.ts';
import type { TakeWindow } from './decode/decoder.ts';
import { wholeGeometry, type Geometry } from './decode/geometry.ts';
import type { PartResizer } from './decode/picture-decoder.ts';
import { fitImageInput } from './fit-image-input.ts';
import { createImagePreparer, notDecoded, type ImageSpec } from './image-preparer.ts';
import { createTensorFiller, type Layout, type TensorData } from './normalise/tensor-filler.ts';
import { createTensorPool } from './normalise/tensor-pool.ts';
import { PicturePart } from './picture.ts';
import { probeImages } from './probe-images.ts';

export interface ImageInput {
  readonly input: GraphTensor;
  readonly layout: Layout;
  readonly fixedBatch: number | null;
  readonly notes: readonly string[];
  probeRows(): { readonly rows: readonly TaskInput[]; readonly what: string };
  /** `decode`: null for the config's mode. Throws if there is no memory for the tensor. */
  open(rows: number, decode: DecodeMode | null): ImageRows;
}

/** The images of one batch. See TaskBatch. */
export interface ImageRows {
  prepare(at: number, row: TaskInput): RowError | null | Promise<RowError | null>;
  feed(rows: readonly number[]): TensorValue;
  /** How the prepared image of a row lies in the model's input. */
  geometryOf(at: number): Geometry;
  release(): void;
}

/** Throws ForebayError `config_mismatch`. */
export function bindImageInput(
  preprocess: Preprocess,
  inputs: readonly GraphTensor[],
  services: LaneServices,
): ImageInput {
  const { input, inputType, layout, fixedBatch } = fitImageInput(preprocess, inputs);
  const spec: ImageSpec = { preprocess, inputType, layout };
  const { decodeThreads } = services;
  // Decoders keep nothing of an image's bytes.
  const rowBytes: Pick<RowBytes, 'use'> = { use: (row, work) => services.rowBytes.lend(row, work) };
  const preparer =
    decodeThreads === undefined
      ? createImagePreparer(spec, { ...services, rowBytes })
      : decodeThreads.preparerOf(spec, services.sharedImages);
  const filler = createTensorFiller(preprocess, inputType, layout);
  const tensors = createTensorPool(filler, decodeThreads !== undefined);
  // onnxruntime refuses shared memory, so rows of decode threads are copied once.
  const calls = decodeThreads === undefined ? tensors : createTensorPool(filler, false);
  const { rowLength } = filler;
  const size = inputSize(preprocess);
  const { width, height } = size;
  const channels = channelCount(preprocess);
  const sample = layout === 'nchw' ? [channels, height, width] : [height, width, channels];
  const whole = wholeGeometry(size);
  let resizer: PartResizer | undefined;
  // Rounds up to whole batches of the graph, because the last one is filled up.
  const roomFor = (rows: number) => Math.ceil(rows / (fixedBatch ?? 1)) * (fixedBatch ?? 1);

  function open(rows: number, decode: DecodeMode | null): ImageRows {
    const tensor = tensors.take(roomFor(rows));
    let spare: TensorData | null = null;
    const geometries: Geometry[] = [];
    const prepareImage = preparer.open(tensor, geometries, decode);

    return {
      prepare(at, row) {
        if ('madeUp' in row && row.madeUp instanceof PicturePart) {
          return preparePart(row.madeUp, (window, geometry) => {
            geometries[at] = geometry;
            filler.put(tensor, at, window, geometry);
          });
        }
        if ('madeUp' in row) {
          filler.fill(tensor, at, row.madeUp as Uint8Array);
          geometries[at] = whole;
          return null;
        }
        if ('json' in row) return NOT_AN_IMAGE;
        return prepareImage(at, row);
      },
      feed(rows) {
        const dims = [rows.length, ...sample];
        const [first = 0] = rows;
        if (calls === tensors && rows.every((row, i) => row === first + i)) {
          const data = tensor.subarray(first * rowLength, (first + rows.length) * rowLength);
          return { type: inputType, dims, data };
        }
        // Copies the rows: failed rows left gaps, the last row is repeated to fill the graph's batch, or the tensor is
        // shared.
        spare ??= calls.take(roomFor(rows.length));
        if (spare.length < rows.length * rowLength) spare = calls.take(roomFor(rows.length));
        for (const [to, from] of rows.entries()) {
          spare.set(tensor.subarray(from * rowLength, (from + 1) * rowLength), to * rowLength);
        }
        return { type: inputType, dims, data: spare.subarray(0, rows.length * rowLength) };
      },
      geometryOf: (at) => geometries[at]!,
      release() {
        tensors.giveBack(tensor);
        if (spare !== null) calls.giveBack(spare);
      },
    };
  }

  /** Its pixels are in this thread already. */
  function preparePart(part: PicturePart, put: TakeWindow<void>): RowError | null {
    try {
      resizer ??= services.createDecoder.resizerOf(preprocess);
      resizer(part, put);
      return null;
    } catch (error) {
      return notDecoded(error);
    }
  }

  const { jpeg } = preparer;
  return {
    input,
    layout,
    fixedBatch,
    notes: preprocess.decode === 'fast' && jpeg !== 'turbo-native' ? [SLOW_DECODE[jpeg]] : [],
    probeRows: () => ({ rows: probeImages(size).map((madeUp) => ({ madeUp })), what: 'a black image' }),
    open,
  };
}

const SLOW_DECODE = {
  sharp: 'decode is "fast", but with icc "convert" or auto_orient JPEGs are decoded by sharp',
  wasm: 'decode is "fast", but @julusian/jpeg-turbo is not installed: JPEGs are decoded as with "exact"',
};

const NOT_AN_IMAGE: RowError = {
  code: 'invalid_row',
  message: 'the record has no image: give its path or URL in the field "image"',
};
