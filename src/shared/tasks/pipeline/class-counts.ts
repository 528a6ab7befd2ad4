/** Compares how many classes the models of an ensemble have. */
import { classesOf, type GraphTensor } from '../../models/graph-tensor.ts';
import type { ModelConfig } from '../../domain/model/model-config.ts';
import { needsSameClasses } from './class-names.ts';
import { holdsCode, isPipeline, type CombineMode } from './pipeline-config.ts';

export interface ClassCount {
  readonly model: string;
  /** Null if nothing says it. */
  readonly classes: number | null;
}

/**
 * The classes of a classifier by the outputs that its task uses, scores first. A single number is not counted, because
 * it may be the score of one class or of two. Code and pipelines may answer any classes.
 */
export function countClasses(
  config: Pick<ModelConfig, 'kind' | 'hooks'>,
  [scores]: readonly GraphTensor[],
): number | null {
  if (scores === undefined || isPipeline(config) || holdsCode(config)) return null;
  const classes = classesOf(scores.shape);
  return classes === 1 ? null : classes;
}

/** Scores can be combined only if all models have the same classes. Null if they can be. `at`: the model that differs. */
export function differentClasses(
  combine: CombineMode | null,
  members: readonly ClassCount[],
): { readonly at: number; readonly message: string } | null {
  if (!needsSameClasses(combine)) return null;
  const first = members.find(({ classes }) => classes !== null);
  const at = members.findIndex(({ classes }) => classes !== null && classes !== first!.classes);
  if (first === undefined || at < 0) return null;
  const { model, classes } = members[at]!;
  return {
    at,
    message: `"combine": "${combine}" needs the same classes, but "${model}" has ${classes} and "${first.model}" has ${first.classes}`,
  };
}
