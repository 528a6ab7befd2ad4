/** Which task a model of transformers has, by the end of its class name. Pure. */
import type { Json } from './reading.ts';

const HEADS: readonly (readonly [end: string, task: string])[] = [
  ['ForImageClassification', 'image-classification'],
  ['ForSequenceClassification', 'text-classification'],
  ['ForTokenClassification', 'token-classification'],
  ['ForObjectDetection', 'object-detection'],
  ['ForSemanticSegmentation', 'image-segmentation'],
];

/** The first model class that config.json names. */
export function architectureOf({ architectures }: Json): string | null {
  const [first] = Array.isArray(architectures) ? (architectures as unknown[]) : [];
  return typeof first === 'string' ? first : null;
}

/** `names`: the files beside config.json. A model without a head returns vectors. Null if the name does not show a task. */
export function taskOfArchitecture(architecture: string, names: readonly string[]): string | null {
  const known = HEADS.find(([end]) => architecture.endsWith(end));
  if (known !== undefined) return known[1];
  if (!architecture.endsWith('Model')) return null;
  if (names.includes('tokenizer.json')) return 'text-embedding';
  return names.includes('preprocessor_config.json') ? 'image-embedding' : null;
}
