/**
 * Inputs of a graph beside the image: a mask of the image's pixels, and the size of the input. Some detectors have
 * them.
 */
import { describeAll, describeTensor, type GraphTensor } from '../../../shared/models/graph-tensor.ts';
import { mismatch, noSuchTensor } from '../../../shared/models/mismatch.ts';
import type { Feeds, TensorValue } from '../tasks/tensors.ts';
import type { Geometry } from './decode/geometry.ts';
import type { Size } from './resample/pillow-resampler.ts';

/** The names of the inputs, by what they hold. */
export interface SideInputNames {
  readonly mask?: string | undefined;
  readonly size?: string | undefined;
}

export interface SideInputs {
  /** The graph's inputs that are not side inputs. */
  readonly rest: readonly GraphTensor[];
  readonly inputs: readonly GraphTensor[];
  /** The tensors of the side inputs for one call. `geometries`: how its images lie in the input. */
  feeds(geometries: readonly Geometry[]): Feeds;
}

/** Exports of transformers' detectors give the mask this name. */
const USUAL_MASK = 'pixel_mask';

/** `input`: the size of the image input. Throws ForebayError `config_mismatch`. */
export function bindSideInputs(
  given: SideInputNames | undefined,
  inputs: readonly GraphTensor[],
  input: Size,
): SideInputs {
  const hasUsual = inputs.length === 2 && inputs.some(({ name }) => name === USUAL_MASK);
  const names = given ?? (hasUsual ? { mask: USUAL_MASK } : undefined);
  if (names === undefined && inputs.length > 1) {
    throw mismatch(
      'an image model has one input',
      `the graph has ${describeAll(inputs)}`,
      `name the others in model.json as "inputs": {"mask": ...} (1 where there is image, 0 where there is padding) or {"size": ...} (width and height of the input)`,
    );
  }
  const mask = named('mask', names?.mask, inputs, 3);
  const size = named('size', names?.size, inputs, 2);
  const used = [mask, size].filter((one) => one !== null);
  return {
    rest: inputs.filter((one) => !used.includes(one)),
    inputs: used,
    feeds: (geometries) => ({
      ...(mask === null ? {} : { [mask.name]: masks(mask, geometries, input) }),
      ...(size === null ? {} : { [size.name]: sizes(size, geometries.length, input) }),
    }),
  };
}

function named(
  field: keyof SideInputNames,
  name: string | undefined,
  inputs: readonly GraphTensor[],
  rank: number,
): GraphTensor | null {
  if (name === undefined) return null;
  const found = inputs.find((one) => one.name === name);
  if (found === undefined) throw noSuchTensor(`inputs.${field} is "${name}"`, name, inputs);
  if (found.shape.length === rank && MAKERS[found.type] !== undefined) return found;
  const shape = rank === 3 ? '[batch, height, width]' : '[batch, 2]';
  throw mismatch(
    `inputs.${field} is a tensor ${shape} of ${Object.keys(MAKERS).join(', ')}`,
    `the graph's input is ${describeTensor(found)}`,
    'name another input, or use the task "tensors"',
  );
}

/** Functions that convert numbers to the values of a tensor, by its type. */
const MAKERS: Readonly<Record<string, (numbers: Float32Array) => TensorValue['data']>> = {
  float32: (numbers) => numbers,
  int64: (numbers) => BigInt64Array.from(numbers, (number) => BigInt(number)),
  int32: (numbers) => Int32Array.from(numbers),
  bool: (numbers) => Uint8Array.from(numbers),
};

function tensor(type: string, dims: readonly number[], numbers: Float32Array): TensorValue {
  return { type, dims, data: MAKERS[type]!(numbers) };
}

/** A cell is 1 if its centre lies in the image. */
function masks({ type, shape }: GraphTensor, geometries: readonly Geometry[], input: Size): TensorValue {
  const height = typeof shape[1] === 'number' ? shape[1] : input.height;
  const width = typeof shape[2] === 'number' ? shape[2] : input.width;
  const numbers = new Float32Array(geometries.length * height * width);
  for (const [row, { window, pad }] of geometries.entries()) {
    const [left, right] = cells(pad.left, window.width, width / input.width);
    const [top, bottom] = cells(pad.top, window.height, height / input.height);
    for (let y = top; y < bottom; y++) {
      const from = (row * height + y) * width;
      numbers.fill(1, from + left, from + right);
    }
  }
  return tensor(type, [geometries.length, height, width], numbers);
}

function cells(start: number, length: number, perPixel: number): [from: number, to: number] {
  return [Math.ceil(start * perPixel - 0.5), Math.ceil((start + length) * perPixel - 0.5)];
}

/** Given the size of the input, the graph returns boxes in pixels of the input. */
function sizes({ type }: GraphTensor, rows: number, { width, height }: Size): TensorValue {
  const numbers = Float32Array.from({ length: rows * 2 }, (_, i) => (i % 2 === 0 ? width : height));
  return tensor(type, [rows, 2], numbers);
}
