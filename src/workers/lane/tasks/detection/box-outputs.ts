/**
 * Finds the outputs of a graph that hold boxes, scores and classes. If several fit, it refuses, and names the config
 * field that decides.
 */
import {
  describeAll,
  describeTensor,
  FLOAT_TYPES,
  type GraphTensor,
} from '../../../../shared/models/graph-tensor.ts';
import type { DetectionConfig } from '../../../../shared/tasks/detection/detection-config.ts';
import { mismatch, noSuchTensor } from '../../../../shared/models/mismatch.ts';
import { counted } from '../../../../shared/text/counted.ts';

const NUMBERS: readonly string[] = [...FLOAT_TYPES, 'int64', 'int32'];

export type OutputRole = keyof NonNullable<DetectionConfig['outputs']>;

export const isNumber = ({ type }: GraphTensor) => NUMBERS.includes(type);

export interface RoleSearch {
  readonly role: OutputRole;
  readonly fits: (output: GraphTensor) => boolean;
  /** A name that exporters give to such an output. It decides if several fit. */
  readonly usual: RegExp;
  /** The start of the error about an output that does not fit. It says what would fit. */
  readonly what: string;
}

const OTHER_HEAD = 'choose another head, or name the right output under "outputs"';

/** Null if none fits. Throws ForebayError `config_mismatch` if several do, or if the named one does not. */
export function findOutput(
  config: Pick<DetectionConfig, 'outputs'>,
  outputs: readonly GraphTensor[],
  { role, fits, usual, what }: RoleSearch,
): GraphTensor | null {
  const named = config.outputs?.[role];
  if (named !== undefined) {
    const found = outputs.find(({ name }) => name === named);
    if (found === undefined) throw noSuchTensor(`outputs.${role} is "${named}"`, named, outputs);
    if (!fits(found)) throw mismatch(what, `the graph's output is ${describeTensor(found)}`, OTHER_HEAD);
    return found;
  }
  const possible = outputs.filter(fits);
  const [first, ...others] = possible;
  if (first === undefined) return null;
  if (others.length === 0) return first;
  const usualOnes = possible.filter(({ name }) => usual.test(name));
  if (usualOnes.length === 1) return usualOnes[0]!;
  throw mismatch(
    `nothing says which output holds the ${role}`,
    `the graph has ${describeAll(possible)}`,
    `name one in model.json, such as "outputs": {"${role}": "${first.name}"}`,
  );
}

/** Like findOutput, but also throws if none fits. */
export function needOutput(
  config: Pick<DetectionConfig, 'outputs'>,
  outputs: readonly GraphTensor[],
  search: RoleSearch,
): GraphTensor {
  const found = findOutput(config, outputs, search);
  if (found === null) throw mismatch(search.what, `the graph has ${describeAll(outputs)}`, OTHER_HEAD);
  return found;
}

/** Throws ForebayError `config_mismatch` if there is a labels file and it does not have one name per class. */
export function checkLabels(
  labels: readonly string[] | null,
  classes: number,
  output: GraphTensor,
  change = 'give one name per class, or choose another head',
): void {
  if (labels === null || labels.length === classes) return;
  throw mismatch(
    `the labels file has ${counted(labels.length, 'name')}`,
    `the graph's output ${describeTensor(output)} has ${counted(classes, 'class', 'classes')}`,
    change,
  );
}
