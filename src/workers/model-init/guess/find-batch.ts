/** Finds the axis of each tensor along which a graph takes several rows. Pure. */
import type { GraphTensor } from '../../../shared/models/graph-tensor.ts';

export interface Batch {
  /** Where the batch is, in words. */
  readonly why: string;
  /** If false, the user should check it. */
  readonly isCertain: boolean;
  /** The graph takes one row per call. */
  readonly isNone: boolean;
  /** Null if the shape shows no batch. */
  axisOf(tensor: GraphTensor): number | null;
}

const BATCH_NAME = /batch|^n$|^b$|^bs$/i;

/** `inputs`: those whose values come from rows. */
export function findBatch(inputs: readonly GraphTensor[], outputs: readonly GraphTensor[]): Batch {
  const dims = inputs.flatMap(({ shape }) => shape);
  const named = dims.find((dim) => typeof dim === 'string' && BATCH_NAME.test(dim));
  if (named !== undefined) return byName(named, `the dimension "${named}"`, true);
  const firsts = inputs.filter(({ shape }) => shape.length > 0).map(({ shape }) => shape[0]!);
  const free = firsts.find((dim) => typeof dim === 'string');
  if (free !== undefined) {
    return free === ''
      ? byName(free, 'the first axis, which is free', false)
      : byName(free, `the dimension "${free}", which is the first`, false);
  }
  const [first] = firsts;
  const isShared =
    first !== undefined &&
    [...inputs, ...outputs].every(({ shape }) => shape.length > 0 && shape[0] === first);
  if (isShared) {
    const why = `the first axis, which is fixed at ${first} for every input and output`;
    return { why, isCertain: false, isNone: false, axisOf: () => 0 };
  }
  return { why: 'none: each row is one model call', isCertain: false, isNone: true, axisOf: () => null };
}

/** The user's axes come before those that the shapes show. Null: the tensor has no rows. */
export function withAxes(found: Batch, given: ReadonlyMap<string, number | null>): Batch {
  if (given.size === 0) return found;
  const says = [...given].map(([name, axis]) => `${axis === null ? 'none' : `axis ${axis}`} of "${name}"`);
  return {
    why: `${says.join(', ')}: --batch-axis says so. Otherwise ${found.why}`,
    isCertain: found.isCertain,
    isNone: found.isNone && [...given.values()].every((axis) => axis === null),
    axisOf: (tensor) => given.get(tensor.name) ?? (given.has(tensor.name) ? null : found.axisOf(tensor)),
  };
}

function byName(name: number | string, why: string, isCertain: boolean): Batch {
  return {
    why,
    isCertain,
    isNone: false,
    axisOf({ shape }) {
      // A dimension without a name says nothing about other axes.
      const at = name === '' ? -1 : shape.indexOf(name);
      if (at >= 0) return at;
      return typeof shape[0] === 'string' && (name === '' || shape[0] === '') ? 0 : null;
    },
  };
}
