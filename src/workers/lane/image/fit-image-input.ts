/**
 * Checks that a graph takes images of the config's kind, and says how to feed it. Throws `config_mismatch`, which names both
 * sides. Pure.
 */
import type { Preprocess } from '../../../shared/tasks/image/preprocess.ts';
import { ForebayError } from '../../../shared/errors.ts';
import {
  describeAll,
  describeTensor,
  imageDims,
  layoutOf,
  type GraphTensor,
} from '../../../shared/models/graph-tensor.ts';
import type { InputType, Layout } from './normalise/tensor-filler.ts';

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
    throw mismatch('an image model has one input', `the graph has ${describeAll(inputs)}`);
  }
  if (!INPUT_TYPES.includes(input.type)) {
    throw mismatch(
      `an image tensor is ${INPUT_TYPES.join(', ')}`,
      `the graph's input is ${describeTensor(input)}`,
    );
  }
  checkImage(preprocess, input);
  if (input.type === 'uint8') checkIdentity(preprocess, input);
  const batch = input.shape[0]!;
  return {
    input,
    inputType: input.type as InputType,
    layout: layoutOf(input.shape),
    fixedBatch: typeof batch === 'number' ? batch : null,
  };
}

function checkImage(preprocess: Preprocess, input: GraphTensor): void {
  if (input.shape.length !== 4) {
    throw mismatch('an image tensor has 4 dimensions', `the graph's input is ${describeTensor(input)}`);
  }
  const [channels, height, width] = imageDims(input.shape);
  if (typeof channels === 'number' && channels !== 3) {
    throw mismatch('images have 3 channels', `the graph's input is ${describeTensor(input)}`);
  }
  if (typeof height === 'number' && typeof width === 'number' && height !== width) {
    throw mismatch(
      'only square images are supported so far (preprocess.crop is their side)',
      `the graph's input is ${describeTensor(input)}: export the model for a square input, or with a free height and width`,
    );
  }
  for (const side of [height, width]) {
    if (typeof side === 'number' && side !== preprocess.crop) {
      throw mismatch(
        `preprocess.crop is ${preprocess.crop}`,
        `the graph's input is ${describeTensor(input)}`,
      );
    }
  }
}

/** A uint8 tensor holds raw pixels, so it cannot hold normalised values. */
function checkIdentity({ rescale, mean, std }: Preprocess, input: GraphTensor): void {
  if (rescale === 1 && mean.every((m) => m === 0) && std.every((s) => s === 1)) return;
  throw mismatch(
    'preprocess asks for normalised values (rescale, mean, std)',
    `the graph's input ${describeTensor(input)} takes raw pixels: set rescale 1, mean [0], std [1]`,
  );
}

function mismatch(config: string, graph: string): ForebayError {
  return new ForebayError('config_mismatch', `${config}, but ${graph}`);
}
