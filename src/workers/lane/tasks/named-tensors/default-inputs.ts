/** Inputs for which the graph has a value. onnxruntime-node ignores another value, so none is accepted. Pure. */
import { mismatch } from '../../../../shared/models/mismatch.ts';

/** What to do about it, for messages. */
const HINT = 'to choose it, export the model without that value (without its initializer)';

/** `names`: the inputs that the config declares. Throws ForebayError `config_mismatch`. */
export function checkDefaults(
  names: readonly string[],
  defaults: readonly string[],
  configFile: string,
): void {
  const name = names.find((one) => defaults.includes(one));
  if (name === undefined) return;
  throw mismatch(
    `${configFile} names the input "${name}"`,
    `the graph has a value for it, which onnxruntime-node cannot replace: leave it out, or, ${HINT}`,
  );
}

export function defaultProblem(name: string): string {
  return `the field "${name}" must be left out: the graph has a value for this input, which onnxruntime-node cannot replace; ${HINT}`;
}
