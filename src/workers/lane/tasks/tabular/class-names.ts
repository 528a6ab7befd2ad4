/** The names of a classifier's classes, if model.json gives them. */
import { ForebayError } from '../../../../shared/errors.ts';
import { parseLabels } from '../../../../shared/tasks/classes/labels.ts';
import type { TabularConfig } from '../../../../shared/tasks/tabular.ts';
import type { ModelFiles } from '../task.ts';

export interface ClassNames {
  readonly list: readonly string[];
  /** Where they come from, for messages. */
  readonly source: string;
}

/** Throws ForebayError `model_load_failed` if the labels file cannot be read. */
export function readClassNames({ classes }: TabularConfig, files: ModelFiles): ClassNames | null {
  if (classes !== undefined) return { list: classes, source: '"classes" in model.json' };
  const bytes = files.read('labels');
  if (bytes === null) return null;
  const reading = parseLabels(bytes);
  if (reading.ok) return { list: reading.names, source: 'the labels file' };
  throw new ForebayError('model_load_failed', `labels: ${reading.why}`);
}
