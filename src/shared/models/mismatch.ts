/** Errors for a config and a graph that contradict each other. They name both sides. */
import { ForebayError } from '../errors.ts';
import { nearestName } from '../text/nearest-name.ts';
import { describeAll, type GraphTensor } from './graph-tensor.ts';

/** What to do about a graph that does not fit the task at all. */
export const OTHER_TASK = 'choose the task that fits the graph ("tensors" fits any), or export it again';

/** ForebayError `config_mismatch`. `change`: what to do about it, which follows a colon. */
export function mismatch(config: string, graph: string, change: string): ForebayError {
  return new ForebayError('config_mismatch', `${config}, but ${graph}: ${change}`);
}

/** For a config that names a tensor which the graph does not have. `config`: what the config says, such as the field. */
export function noSuchTensor(config: string, name: string, tensors: readonly GraphTensor[]): ForebayError {
  const near = nearestName(
    name,
    tensors.map((tensor) => tensor.name),
  );
  return mismatch(
    config,
    `the graph has ${describeAll(tensors)}`,
    near === null ? 'name one of them' : `did you mean "${near}"?`,
  );
}
