/** Errors for a config and a graph that contradict each other. They name both sides. */
import { ForebayError } from '../errors.ts';
import { nearestName } from '../text/nearest-name.ts';
import { describeAll, type GraphTensor } from './graph-tensor.ts';

/** ForebayError `config_mismatch`. */
export function mismatch(config: string, graph: string): ForebayError {
  return new ForebayError('config_mismatch', `${config}, but ${graph}`);
}

/** For a config that names a tensor which the graph does not have. `config`: what the config says, such as the field. */
export function noSuchTensor(config: string, name: string, tensors: readonly GraphTensor[]): ForebayError {
  const near = nearestName(
    name,
    tensors.map((tensor) => tensor.name),
  );
  const hint = near === null ? '' : `; did you mean "${near}"?`;
  return mismatch(config, `the graph has ${describeAll(tensors)}${hint}`);
}
