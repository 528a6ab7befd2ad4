/** Joins the values of an output over the frames of a row. Pure. */
import type { AudioOutputConfig } from '../../../../shared/tasks/audio/audio-config.ts';
import type { TensorOutput } from '../named-tensors/bind-outputs.ts';
import { copyElements } from '../named-tensors/element-buffer.ts';
import { elementTypeOf, type Elements, type ElementType } from '../named-tensors/element-types.ts';
import { elementsIn, shapeText } from '../named-tensors/shape.ts';
import { mismatch } from '../../../../shared/models/mismatch.ts';

/** The value of one frame, without the batch axis. */
export interface FrameValue {
  readonly shape: readonly number[];
  readonly elements: Elements;
}

export interface JoinedValue extends FrameValue {
  readonly type: ElementType;
}

/** `samples`: the number of samples of the row. Throws an Error if the values cannot be joined. */
export type Join = (frames: readonly FrameValue[], samples: number) => JoinedValue;

/** `config`: undefined for the defaults. Throws ForebayError `config_mismatch`. */
export function createJoin(
  { name, type }: Pick<TensorOutput, 'name' | 'type'>,
  config: AudioOutputConfig | undefined,
  hop: number | null,
): Join {
  const way = config?.join ?? 'stack';
  if (way === 'mean' || way === 'max') {
    if (!type.dtype.startsWith('float')) {
      throw mismatch(`outputs.${name}.join in model.json is "${way}"`, `the graph's output is ${type.dtype}`);
    }
    return (frames) => reduce(type, alike(name, frames), way);
  }
  if (way === 'last') return (frames) => ({ type, ...frames.at(-1)! });
  if (way === 'stack') {
    return (frames) => {
      const { shape } = alike(name, frames)[0]!;
      return { type, shape: [frames.length, ...shape], elements: concat(type, frames, 1, elementsIn(shape)) };
    };
  }
  const { time_axis: axis, trim } = config!;
  return (frames, samples) => {
    const { shape } = alike(name, frames)[0]!;
    const steps = (shape[axis] ?? 0) - 2 * trim;
    if (steps < 1) {
      throw new Error(
        `the graph returned "${name}" ${shapeText(shape)} for a frame, so outputs.${name} in model.json (time_axis ${axis}, trim ${trim}) leaves nothing of it`,
      );
    }
    const trimmed = frames.map((frame) => cut(type, frame, axis, trim, steps));
    const outer = elementsIn(shape.slice(0, axis));
    const inner = elementsIn(shape.slice(axis + 1));
    const all = frames.length * steps;
    const elements = concat(type, trimmed, outer, steps * inner);
    // Drops steps that come only from the zeros after the end of the waveform.
    const within = hop === null ? all : Math.min(all, Math.max(1, Math.ceil((samples * steps) / hop)));
    const whole = { shape: shape.with(axis, all), elements };
    return { type, ...(within === all ? whole : cut(type, whole, axis, 0, within)) };
  };
}

function alike(name: string, frames: readonly FrameValue[]): readonly FrameValue[] {
  const [first] = frames;
  const other = frames.find(({ shape }) => shape.join() !== first!.shape.join());
  if (other === undefined) return frames;
  throw new Error(
    `the graph returned "${name}" ${shapeText(first!.shape)} for one frame and ${shapeText(other.shape)} for another`,
  );
}

/** `length`: elements of each frame for each of the `outer` indices. */
function concat(type: ElementType, frames: readonly FrameValue[], outer: number, length: number): Elements {
  const to = type.allocate(outer * frames.length * length);
  for (let block = 0; block < outer; block++) {
    for (const [i, { elements }] of frames.entries()) {
      copyElements(elements, block * length, to, (block * frames.length + i) * length, length);
    }
  }
  return to;
}

/** Keeps `steps` steps of an axis, beginning at `from`. */
function cut(
  type: ElementType,
  { shape, elements }: FrameValue,
  axis: number,
  from: number,
  steps: number,
): FrameValue {
  const size = shape[axis]!;
  if (steps === size) return { shape, elements };
  const outer = elementsIn(shape.slice(0, axis));
  const inner = elementsIn(shape.slice(axis + 1));
  const to = type.allocate(outer * steps * inner);
  for (let block = 0; block < outer; block++) {
    copyElements(elements, (block * size + from) * inner, to, block * steps * inner, steps * inner);
  }
  return { shape: shape.with(axis, steps), elements: to };
}

/** The result is float64 for float64, and float32 for all other floats. */
function reduce(type: ElementType, frames: readonly FrameValue[], way: 'mean' | 'max'): JoinedValue {
  const { shape } = frames[0]!;
  const own = elementTypeOf(type.dtype === 'float64' ? 'float64' : 'float32');
  const result = own.allocate(elementsIn(shape)) as Float32Array | Float64Array;
  for (let i = 0; i < result.length; i++) {
    const values = frames.map(({ elements }) => type.number(elements, i));
    result[i] =
      way === 'mean'
        ? values.reduce((sum, value) => sum + value, 0) / values.length
        : values.reduce((most, value) => Math.max(most, value), -Infinity);
  }
  return { type: own, shape, elements: result };
}
