/** Decides which output of a graph holds the answer. In case of doubt it asks for `--output-name`. Pure. */
import { describeAll, describeTensor, type GraphTensor } from '../../../shared/models/graph-tensor.ts';
import type { Hints } from '../hints.ts';
import { mismatch } from './guesser.ts';

export interface OutputSearch {
  readonly outputs: readonly GraphTensor[];
  fits(output: GraphTensor): boolean;
  /** Tried in order if several outputs fit. The first that holds for exactly one of them decides. */
  readonly prefers: readonly ((output: GraphTensor) => boolean)[];
  /** A sentence that says which outputs fit. */
  readonly what: string;
  /** What the output holds. */
  readonly holds: string;
}

/** Throws ForebayError `config_mismatch` if no output fits, if the flag must decide, or if it names a wrong output. */
export function chosenOutput({ outputNames }: Hints, search: OutputSearch): GraphTensor {
  const { outputs, what, holds } = search;
  const [named, ...more] = outputNames;
  if (more.length > 0) throw mismatch('such a model has one output: give --output-name once');
  const possible = outputs.filter((output) => search.fits(output));
  if (named !== undefined) {
    const found = outputs.find(({ name }) => name === named);
    if (found === undefined) {
      throw mismatch(`--output-name names "${named}", but the graph has ${describeAll(outputs)}`);
    }
    if (possible.includes(found)) return found;
    throw mismatch(`${what}, but --output-name names ${describeTensor(found)}`);
  }
  if (possible.length === 0) throw mismatch(`${what}; the graph has ${describeAll(outputs)}`);
  for (const prefers of [() => true, ...search.prefers]) {
    const preferred = possible.filter(prefers);
    if (preferred.length === 1) return preferred[0]!;
  }
  throw mismatch(
    `the graph has several outputs that could hold ${holds}: ${describeAll(possible)}; say which with --output-name, such as --output-name ${possible[0]!.name}`,
  );
}
