/** Finds the output of a graph that holds what a task needs. In case of doubt it refuses, and names the field that decides. Pure. */
import { ForebayError } from '../../../shared/errors.ts';
import { describeAll, describeTensor, type GraphTensor } from '../../../shared/models/graph-tensor.ts';
import { nearestName } from '../../../shared/text/nearest-name.ts';

export const FLOATS: readonly string[] = ['float32', 'float16', 'float64'];

export interface OutputWish {
  /** The config's `output`. */
  readonly named: string | undefined;
  readonly outputs: readonly GraphTensor[];
  fits(output: GraphTensor): boolean;
  /** Types of numbers. Absent: floats. */
  readonly types?: readonly string[];
  /** Each one decides between several outputs, if it holds for exactly one of them. */
  readonly prefers: readonly ((output: GraphTensor) => boolean)[];
  /** A sentence about an output that fits. */
  readonly what: string;
  /** What the output holds. */
  readonly holds: string;
}

/** Throws ForebayError `config_mismatch`. */
export function chooseFloats(wish: OutputWish): GraphTensor {
  const { named, outputs, what, holds, types = FLOATS } = wish;
  const fits = (output: GraphTensor) => types.includes(output.type) && wish.fits(output);
  if (named !== undefined) {
    const found = outputs.find(({ name }) => name === named);
    if (found === undefined) throw noSuch(named, outputs);
    if (!fits(found)) throw mismatch(what, `the graph's output is ${describeTensor(found)}`);
    return found;
  }
  const possible = outputs.filter(fits);
  if (possible.length === 0) throw mismatch(what, `the graph has ${describeAll(outputs)}`);
  for (const prefers of [() => true, ...wish.prefers]) {
    const preferred = possible.filter(prefers);
    if (preferred.length === 1) return preferred[0]!;
  }
  throw mismatch(
    `nothing says which output holds ${holds}`,
    `the graph has ${describeAll(possible)}: name one in model.json, such as "output": "${possible[0]!.name}"`,
  );
}

function noSuch(name: string, outputs: readonly GraphTensor[]): ForebayError {
  const near = nearestName(
    name,
    outputs.map((output) => output.name),
  );
  const hint = near === null ? '' : `; did you mean "${near}"?`;
  return mismatch(`the config names the output "${name}"`, `the graph has ${describeAll(outputs)}${hint}`);
}

function mismatch(config: string, graph: string): ForebayError {
  return new ForebayError('config_mismatch', `${config}, but ${graph}`);
}
