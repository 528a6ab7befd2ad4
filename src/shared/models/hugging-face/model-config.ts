/** Reads labels and activation from a Hugging Face repository's `config.json`. Lists what it does not understand. Pure. */
import type { Activation } from '../../tasks/classes/activation.ts';
import { namesOfIds } from '../../tasks/classes/id2label.ts';
import type { Json, Reading } from './reading.ts';
import { counted } from '../../text/counted.ts';

export interface HuggingFaceConfig extends Reading {
  /** Null if there are none, they cannot be read, or they are only placeholders such as LABEL_0. */
  readonly labels: string[] | null;
  readonly activation: Activation | null;
}

/** Throws an Error if it is the config of a regression. */
export function readHuggingFaceConfig(config: Json): HuggingFaceConfig {
  const taken: string[] = [];
  const open: string[] = [];
  const labels = labelsOf(config['id2label'], open);
  if (labels !== null)
    taken.push(`labels: ${counted(labels.length, 'name')}, taken from config.json (id2label)`);
  const problem = config['problem_type'] ?? null;
  if (problem === 'regression') {
    throw new Error('config.json says problem_type "regression": only classifiers are supported so far');
  }
  const activation = ACTIVATIONS.get(problem) ?? null;
  if (activation !== null) taken.push(`activation "${activation}": taken from config.json (problem_type)`);
  else if (problem !== null) open.push(`config.json: problem_type ${JSON.stringify(problem)}`);
  return { labels, activation, taken, open };
}

const ACTIVATIONS = new Map<unknown, Activation>([
  ['single_label_classification', 'softmax'],
  ['multi_label_classification', 'sigmoid'],
]);

function labelsOf(id2label: unknown, open: string[]): string[] | null {
  if (typeof id2label !== 'object' || id2label === null || Object.keys(id2label).length === 0) return null;
  const names = namesOfIds(id2label);
  if (names === null) {
    open.push('config.json: id2label, which does not map 0, 1, 2 ... to names of one line each');
    return null;
  }
  return names.every((name, index) => name === `LABEL_${index}`) ? null : names;
}
