/**
 * Checks that a graph takes images of the config's kind, and says how to feed it. Throws `config_mismatch`, which
 * quotes config and graph. Pure.
 */
import { channelCount, inputSize, type Preprocess } from '../../../shared/tasks/image/preprocess.ts';
import type { ForebayError } from '../../../shared/errors.ts';
import {
  describeAll,
  describeTensor,
  imageDims,
  layoutOf,
  type GraphTensor,
} from '../../../shared/models/graph-tensor.ts';
import type { InputType, Layout } from './normalise/tensor-filler.ts';
import { mismatch, OTHER_TASK } from '../../../shared/models/mismatch.ts';

interface ImageInputFit {
  readonly input: GraphTensor;
  readonly inputType: InputType;
  readonly layout: Layout;
  /** The graph's fixed batch dimension. Null if it takes batches of any size. */
  readonly fixedBatch: number | null;
}

const INPUT_TYPES: readonly string[] = ['float32', 'float16', 'uint8'] satisfies InputType[];

export function fitImageInput(preprocess: Preprocess, inputs: readonly GraphTensor[]): ImageInputFit {
  const [input] = inputs;
  if (input === undefined || inputs.length !== 1) {
    throw mismatch('an image model has one input', `the graph has ${describeAll(inputs)}`, OTHER_TASK);
  }
  if (!INPUT_TYPES.includes(input.type)) {
    throw mismatch(
      `an image tensor is ${INPUT_TYPES.join(', ')}`,
      `the graph's input is ${describeTensor(input)}`,
      OTHER_TASK,
    );
  }
  checkImage(preprocess, input);
  if (input.type === 'uint8') checkIdentity(preprocess, input);
  const batch = input.shape[0]!;
  return {
    input,
    inputType: input.type as InputType,
    layout: layoutOf(input.shape, channelCount(preprocess)),
    fixedBatch: typeof batch === 'number' ? batch : null,
  };
}

function checkImage(preprocess: Preprocess, input: GraphTensor): void {
  if (input.shape.length !== 4) {
    throw mismatch(
      'an image tensor has 4 dimensions',
      `the graph's input is ${describeTensor(input)}`,
      OTHER_TASK,
    );
  }
  const wanted = channelCount(preprocess);
  const [channels, height, width] = imageDims(input.shape, wanted);
  if (typeof channels === 'number' && channels !== wanted) {
    throw mismatch(
      `images have ${wanted === 1 ? '1 channel' : '3 channels'}`,
      `the graph's input is ${describeTensor(input)}`,
      channelsChange(input, wanted),
    );
  }
  const size = inputSize(preprocess);
  if (typeof height === 'number' && height !== size.height) throw otherSize(preprocess, input);
  if (typeof width === 'number' && width !== size.width) throw otherSize(preprocess, input);
}

function channelsChange({ shape }: GraphTensor, wanted: 1 | 3): string {
  const other = wanted === 1 ? 3 : 1;
  return imageDims(shape, other)[0] === other ? `set preprocess.channels to ${other}` : OTHER_TASK;
}

function otherSize(preprocess: Preprocess, input: GraphTensor): ForebayError {
  const { crop } = preprocess;
  const said = typeof crop === 'number' ? crop : `${crop.width} x ${crop.height} (width x height)`;
  const [, height, width] = imageDims(input.shape, channelCount(preprocess));
  const side = (graph: number | string, own: number) => (typeof graph === 'number' ? graph : own);
  const own = inputSize(preprocess);
  const fitting = { width: side(width!, own.width), height: side(height!, own.height) };
  const isSquare = fitting.width === fitting.height;
  return mismatch(
    `preprocess.crop is ${said}`,
    `the graph's input is ${describeTensor(input)}`,
    `set it to ${isSquare ? fitting.width : JSON.stringify(fitting)}`,
  );
}

/** A uint8 tensor holds raw pixels, so it cannot hold normalised values. */
function checkIdentity({ rescale, mean, std }: Preprocess, input: GraphTensor): void {
  if (rescale === 1 && mean.every((m) => m === 0) && std.every((s) => s === 1)) return;
  throw mismatch(
    'preprocess asks for normalised values (rescale, mean, std)',
    `the graph's input ${describeTensor(input)} takes raw pixels`,
    'set rescale 1, mean [0], std [1]',
  );
}
