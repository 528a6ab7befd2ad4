/**
 * Collects the values of an output over the frames of a row, one after the other in the same memory. They are copies, so
 * the outputs of a whole call need not stay in memory. Pure.
 */
import type { Elements, ElementType } from '../named-tensors/element-types.ts';
import { elementsIn, shapeText } from '../named-tensors/shape.ts';
import type { JoinedValue, OpenJoin } from './join-frames.ts';

/** The values of all frames of a row. */
export interface FrameValues {
  /** Of each frame, without the batch axis. */
  readonly shape: readonly number[];
  /** Number of frames. */
  readonly count: number;
  readonly elements: Elements;
}

/** All frames must have the same shape. */
export function collectFrames(
  name: string,
  type: ElementType,
  join: (values: FrameValues, samples: number) => JoinedValue,
): OpenJoin {
  return (frames) => {
    let elements = type.allocate(0);
    let shape: readonly number[] | null = null;
    let length = 0;
    let count = 0;
    return {
      add(value, at) {
        if (shape === null) {
          shape = value.shape;
          length = elementsIn(shape);
          elements = type.allocate(frames * length);
        } else if (!isSame(shape, value.shape)) {
          throw new Error(
            `the graph returned "${name}" ${shapeText(shape)} for one frame and ${shapeText(value.shape)} for another`,
          );
        }
        value.copy(at, elements, count * length);
        count += 1;
      },
      finish: (samples) => join({ shape: shape!, count, elements }, samples),
    };
  };
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}
