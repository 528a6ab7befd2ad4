/** Reads the labels file that a config names. */
import { ForebayError } from '../../../shared/errors.ts';
import { parseLabels } from '../../../shared/tasks/classes/labels.ts';
import type { ModelFiles } from './task.ts';

/** Null if the config names none. Throws ForebayError `model_load_failed`. */
export function readLabels(files: ModelFiles): readonly string[] | null {
  const bytes = files.read('labels');
  if (bytes === null) return null;
  const reading = parseLabels(bytes);
  if (reading.ok) return reading.names;
  throw new ForebayError('model_load_failed', `labels: ${reading.why}`);
}
