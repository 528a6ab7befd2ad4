/** What config.json says about the classes of a classifier. */
import { namesOfIds } from '../../tasks/classes/id2label.ts';
import type { Described } from './described.ts';
import { readHuggingFaceConfig } from './model-config.ts';
import type { Json } from './reading.ts';

/** Labels and activation of a classifier. The heads of transformers return logits. */
export function describeClasses(config: Json): Described {
  const { activation, open } = readHuggingFaceConfig(config);
  const { fields, missing } = usableLabels(config);
  return { fields: { ...fields, activation: activation ?? 'softmax' }, missing, notes: open };
}

/** The field `labels`, or why there is none. */
export function usableLabels(config: Json): { fields: { labels?: string }; missing: Map<string, string> } {
  const id2label = config['id2label'];
  const isMap = typeof id2label === 'object' && id2label !== null;
  if (isMap && namesOfIds(id2label) !== null) {
    return { fields: { labels: 'config.json' }, missing: new Map() };
  }
  const problem = isMap
    ? 'config.json has an id2label that does not map 0, 1, 2 ... to names of one line each'
    : 'config.json has no id2label';
  const why = `${problem}: name a file of labels`;
  return { fields: {}, missing: new Map([['/labels', why]]) };
}
