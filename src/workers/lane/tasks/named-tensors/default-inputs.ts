/** Inputs for which the graph has a value. onnxruntime-node ignores another value, so none is accepted. Pure. */
import { CHOOSE_VALUE, KEEPS_VALUE } from '../../../../shared/models/default-value.ts';
import { mismatch } from '../../../../shared/models/mismatch.ts';

/** `names`: the inputs that the config declares. Throws ForebayError `config_mismatch`. */
export function checkDefaults(
  names: readonly string[],
  defaults: readonly string[],
  configFile: string,
): void {
  const name = names.find((one) => defaults.includes(one));
  if (name === undefined) return;
  throw mismatch(`${configFile} names the input "${name}"`, KEEPS_VALUE, `leave it out, or, ${CHOOSE_VALUE}`);
}

export function defaultProblem(name: string): string {
  return `the field "${name}" must be left out: the graph has a value for this input, which onnxruntime-node cannot replace; ${CHOOSE_VALUE}`;
}
