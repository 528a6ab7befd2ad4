/** Decides how several vectors of a row become one. The graph does not show it, so the user is asked. Pure. */
import { describeTensor, type GraphTensor } from '../../../shared/models/graph-tensor.ts';
import type { Hints } from '../hints.ts';
import { mismatch } from './guesser.ts';

export const NORMALIZED = 'normalize true: vectors are scaled to length 1; false returns them as they are';

/**
 * `isOne`: the output has one vector per row. `choices`: the poolings for any other output. Throws ForebayError
 * `config_mismatch` if a flag must decide, or if it does not fit the output.
 */
export function choosePooling(
  output: GraphTensor,
  isOne: boolean,
  choices: readonly string[],
  { pooling }: Pick<Hints, 'pooling'>,
  facts: string[],
): string {
  const what = `the output ${describeTensor(output)}`;
  if (isOne) {
    if (pooling === undefined || pooling === 'none') return 'none';
    throw mismatch(
      `--pooling is ${pooling}, but ${what} has one vector per row: leave out --pooling, or name another output with --output-name`,
    );
  }
  if (pooling === undefined) {
    throw mismatch(
      `${what} has several vectors per row, and nothing says how they become one: pass --pooling ${choices.join('|')}, as in the training code`,
    );
  }
  if (!choices.includes(pooling)) {
    throw mismatch(`${what} takes --pooling ${choices.join('|')}, not "${pooling}"`);
  }
  facts.push(`pooling "${pooling}": --pooling says so`);
  return pooling;
}
