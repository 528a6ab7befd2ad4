/**
 * Finds the output of a graph that holds what a task needs. If several fit and no preference decides, it refuses, and
 * names the config field that decides. Pure.
 */
import {
  describeAll,
  describeTensor,
  FLOAT_TYPES,
  type GraphTensor,
} from '../../../shared/models/graph-tensor.ts';
import { mismatch, noSuchTensor, OTHER_TASK } from '../../../shared/models/mismatch.ts';

export interface OutputSearch {
  /** The config's `output`. */
  readonly named: string | undefined;
  readonly outputs: readonly GraphTensor[];
  fits(output: GraphTensor): boolean;
  /** Types of numbers. Absent: floats. */
  readonly types?: readonly string[];
  /** Each one decides between several outputs, if it holds for exactly one of them. */
  readonly prefers: readonly ((output: GraphTensor) => boolean)[];
  /** A sentence about an output that fits, for the error message. */
  readonly what: string;
  /** What the output holds, for the error message. */
  readonly holds: string;
}

/** Throws ForebayError `config_mismatch`. */
export function chooseFloats(search: OutputSearch): GraphTensor {
  const { named, outputs, what, holds, types = FLOAT_TYPES } = search;
  const fits = (output: GraphTensor) => types.includes(output.type) && search.fits(output);
  if (named !== undefined) {
    const found = outputs.find(({ name }) => name === named);
    if (found === undefined) throw noSuchTensor(`the config names the output "${named}"`, named, outputs);
    if (!fits(found))
      throw mismatch(what, `the graph's output is ${describeTensor(found)}`, 'name another output');
    return found;
  }
  const possible = outputs.filter(fits);
  if (possible.length === 0) throw mismatch(what, `the graph has ${describeAll(outputs)}`, OTHER_TASK);
  for (const prefers of [() => true, ...search.prefers]) {
    const preferred = possible.filter(prefers);
    if (preferred.length === 1) return preferred[0]!;
  }
  throw mismatch(
    `nothing says which output holds ${holds}`,
    `the graph has ${describeAll(possible)}`,
    `name one in model.json, such as "output": "${possible[0]!.name}"`,
  );
}
