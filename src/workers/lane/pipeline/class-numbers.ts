/** Finds the classes of an ensemble's models by their names, if the models number them differently. */
import { ForebayError } from '../../../shared/errors.ts';
import {
  classesInConfig,
  compareNames,
  namesDiffer,
  needsSameClasses,
  type ClassNames,
} from '../../../shared/tasks/pipeline/class-names.ts';
import type { PipelineConfig } from '../../../shared/tasks/pipeline/pipeline-config.ts';
import type { ModelLoad } from '../messages.ts';
import { createModelFiles } from '../models/model-files.ts';
import { readLabels } from '../tasks/read-labels.ts';

/** The number of each class in the answer, by its name. Null: the model's own numbers are those. */
export type ClassNumbers = ReadonlyMap<string, number> | null;

/** One per model. Throws ForebayError `config_mismatch` if their names differ, and `model_load_failed`. */
export function classNumbers(
  { ensemble, members }: PipelineConfig,
  loads: readonly ModelLoad[],
): readonly ClassNumbers[] {
  const combine = ensemble?.combine ?? null;
  if (!needsSameClasses(combine)) return members.map(() => null);
  let first: ClassNames | null = null;
  return members.map(({ model, config }, i) => {
    const names = readLabels(createModelFiles(loads[i]!)) ?? classesInConfig(config);
    if (names === null) return null;
    first ??= { model, names };
    const comparison = compareNames(first, { model, names });
    if (comparison.is === 'different')
      throw new ForebayError('config_mismatch', namesDiffer(combine, first.model, model, comparison.why));
    return comparison.is === 'same' ? null : new Map(first.names.map((name, at) => [name, at]));
  });
}
