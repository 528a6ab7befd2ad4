/** The input of a graph that takes images. Pure. */
import {
  describeAll,
  describeTensor,
  imageDims,
  layoutOf,
  type GraphTensor,
} from '../../../../shared/models/graph-tensor.ts';
import type { GraphFace } from '../../../../shared/models/onnx-graph.ts';
import { mismatch } from '../guesser.ts';

const PIXELS: readonly string[] = ['float32', 'float16', 'uint8'];

/** The inputs that `isImage` accepts, in words. */
export const IMAGES =
  '[batch, channels, height, width] or [batch, height, width, channels], with 3 channels or 1';

export interface ImageInput {
  readonly tensor: GraphTensor;
  readonly channels: 1 | 3;
  readonly facts: readonly string[];
}

export function takesOneImage({ inputs }: GraphFace): boolean {
  return inputs.length === 1 && isImage(inputs[0]!);
}

export function isImage({ shape, type }: GraphTensor): boolean {
  if (shape.length !== 4 || !PIXELS.includes(type)) return false;
  const channels = channelsOf(shape);
  return channels === 3 || channels === 1 || typeof channels === 'string';
}

/** `needs`: what such a model has, for the message. Throws ForebayError `config_mismatch` if there is no such input. */
export function imageInput(face: GraphFace, needs: string): ImageInput {
  const [tensor] = face.inputs.filter(({ shape }) => shape.length === 4);
  if (tensor === undefined) {
    throw mismatch(
      `${needs}; this graph has inputs ${describeAll(face.inputs)} and outputs ${describeAll(face.outputs)}`,
    );
  }
  if (!isImage(tensor)) {
    throw mismatch(
      `images have 3 channels, or 1, but the graph's input is ${describeTensor(tensor)}: use --task tensors`,
    );
  }
  const channels = channelsOf(tensor.shape) === 1 ? 1 : 3;
  const isLast = layoutOf(tensor.shape, channels) === 'nhwc';
  const facts = [
    `input   ${describeTensor(tensor)}`,
    batchFact(tensor),
    ...(isLast ? ['layout  channels last (NHWC)'] : []),
  ];
  return { tensor, channels, facts };
}

/** Works for both layouts. Returns a name if the dimension is free. */
function channelsOf(shape: GraphTensor['shape']): number | string | undefined {
  const known = [3, 1].find((channels) => imageDims(shape, channels)[0] === channels);
  return known ?? imageDims(shape)[0];
}

function batchFact({ shape }: GraphTensor): string {
  return typeof shape[0] === 'number'
    ? `batch   fixed at ${shape[0]}: smaller batches are filled up, larger ones are split`
    : 'batch   any size';
}
