/** Joins the values of an output over the frames of a row. Pure. */
import { mismatch } from '../../../../shared/models/mismatch.ts';
import type { AudioOutputConfig } from '../../../../shared/tasks/audio/audio-config.ts';
import type { TensorOutput } from '../named-tensors/bind-outputs.ts';
import { copyElements } from '../named-tensors/element-buffer.ts';
import { elementTypeOf, type Elements, type ElementType } from '../named-tensors/element-types.ts';
import type { RowsOfOutput } from '../named-tensors/row-outputs.ts';
import { elementsIn, shapeText } from '../named-tensors/shape.ts';
import { collectFrames, type FrameValues } from './collect-frames.ts';

export interface JoinedValue {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly elements: Elements;
}

/** Joins the values of one row. */
export interface FrameJoin {
  /** Adds the value of the next frame, which is row `at` of a call. Throws an Error if it cannot be joined. */
  add(value: RowsOfOutput, at: number): void;
  /**
   * Call after the last frame. `samples`: the number of samples of the row. Throws an Error if trimming leaves nothing.
   */
  finish(samples: number): JoinedValue;
}

/** `frames`: the number of frames of the row. */
export type OpenJoin = (frames: number) => FrameJoin;

/** `config`: undefined for the defaults. Throws ForebayError `config_mismatch`. */
export function createJoin(
  { name, type }: Pick<TensorOutput, 'name' | 'type'>,
  config: AudioOutputConfig | undefined,
  hop: number | null,
): OpenJoin {
  const way = config?.join ?? 'stack';
  if (way === 'mean' || way === 'max') {
    if (!type.dtype.startsWith('float')) {
      throw mismatch(
        `outputs.${name}.join in model.json is "${way}"`,
        `the graph's output is ${type.dtype}`,
        'set it to "stack", "concat" or "last"',
      );
    }
    return collectFrames(name, type, (values) => reduce(type, values, way));
  }
  if (way === 'last') return () => lastFrame(type);
  if (way === 'stack') {
    return collectFrames(name, type, ({ shape, count, elements }) => {
      return { type, shape: [count, ...shape], elements };
    });
  }
  const { time_axis: axis, trim } = config!;
  return collectFrames(name, type, (values, samples) => {
    const { shape, count } = values;
    const steps = (shape[axis] ?? 0) - 2 * trim;
    if (steps < 1) {
      throw new Error(
        `the graph returned "${name}" ${shapeText(shape)} for a frame, so outputs.${name} in model.json (time_axis ${axis}, trim ${trim}) leaves nothing of it`,
      );
    }
    const elements = concat(type, values, axis, trim, steps);
    const all = count * steps;
    // Drops steps that come only from the zeros after the end of the waveform.
    const within = hop === null ? all : Math.min(all, Math.max(1, Math.ceil((samples * steps) / hop)));
    const whole = { type, shape: shape.with(axis, all), elements };
    return within === all ? whole : cutEnd(whole, axis, within);
  });
}

function lastFrame(type: ElementType): FrameJoin {
  let last: JoinedValue;
  return {
    add({ shape, copy }, at) {
      const elements = type.allocate(elementsIn(shape));
      copy(at, elements, 0);
      last = { type, shape, elements };
    },
    finish: () => last,
  };
}

/** Joins the frames along an axis. Leaves out the first `trim` steps of each frame, and takes the next `steps`. */
function concat(
  type: ElementType,
  { shape, count, elements }: FrameValues,
  axis: number,
  trim: number,
  steps: number,
): Elements {
  const size = shape[axis]!;
  const outer = elementsIn(shape.slice(0, axis));
  // The frames are in this order already.
  if (outer === 1 && steps === size) return elements;
  const inner = elementsIn(shape.slice(axis + 1));
  const joined = type.allocate(outer * count * steps * inner);
  for (let block = 0; block < outer; block++) {
    for (let frame = 0; frame < count; frame++) {
      const from = ((frame * outer + block) * size + trim) * inner;
      copyElements(elements, from, joined, (block * count + frame) * steps * inner, steps * inner);
    }
  }
  return joined;
}

/** Keeps the first `steps` steps of an axis. */
function cutEnd({ type, shape, elements }: JoinedValue, axis: number, steps: number): JoinedValue {
  const outer = elementsIn(shape.slice(0, axis));
  const inner = elementsIn(shape.slice(axis + 1));
  const kept = type.allocate(outer * steps * inner);
  for (let block = 0; block < outer; block++) {
    copyElements(elements, block * shape[axis]! * inner, kept, block * steps * inner, steps * inner);
  }
  return { type, shape: shape.with(axis, steps), elements: kept };
}

/** The result is float64 for float64, and float32 for all other floats. */
function reduce(
  type: ElementType,
  { shape, count, elements }: FrameValues,
  way: 'mean' | 'max',
): JoinedValue {
  const own = elementTypeOf(type.dtype === 'float64' ? 'float64' : 'float32');
  const length = elementsIn(shape);
  const result = own.allocate(length) as Float32Array | Float64Array;
  for (let i = 0; i < length; i++) {
    let joined = way === 'mean' ? 0 : -Infinity;
    for (let frame = 0; frame < count; frame++) {
      const value = type.number(elements, frame * length + i);
      joined = way === 'mean' ? joined + value : Math.max(joined, value);
    }
    result[i] = way === 'mean' ? joined / count : joined;
  }
  return { type: own, shape, elements: result };
}
