/** Compares the class names of the models of an ensemble, whose scores are combined class by class. */
import type { ModelConfig } from '../../domain/model/model-config.ts';
import type { CombineMode } from './pipeline-config.ts';

export interface ClassNames {
  readonly model: string;
  /** By the number of the class. */
  readonly names: readonly string[];
}

/** `reordered`: the same names in another order, so that classes are found by their names. */
export type NamesComparison =
  | { readonly is: 'same' | 'reordered' }
  | { readonly is: 'different'; readonly why: string };

/** Whether scores of different models are added up or counted. */
export function needsSameClasses(combine: CombineMode | null): combine is 'average' | 'vote' {
  return combine === 'average' || combine === 'vote';
}

/** Class names in the config itself. Null if it has none. */
export function classesInConfig(config: ModelConfig): readonly string[] | null {
  const { classes } = config as { readonly classes?: unknown };
  return Array.isArray(classes) ? classes.map(String) : null;
}

export function compareNames(first: ClassNames, other: ClassNames): NamesComparison {
  const { names } = other;
  if (names.length === first.names.length && names.every((name, i) => name === first.names[i]))
    return { is: 'same' };
  const lacks = lackOf(first, other) ?? lackOf(other, first);
  if (lacks !== null) return { is: 'different', why: lacks };
  const isClear = [first.names, names].every((list) => new Set(list).size === list.length);
  return isClear
    ? { is: 'reordered' }
    : { is: 'different', why: 'a name occurs twice, so the order of the names counts' };
}

function lackOf(a: ClassNames, b: ClassNames): string | null {
  const known = new Set(b.names);
  const lack = a.names.find((name) => !known.has(name));
  return lack === undefined ? null : `"${b.model}" has no ${JSON.stringify(lack)}`;
}

/** The sentence for an ensemble that is refused. */
export function namesDiffer(combine: CombineMode, first: string, other: string, why: string): string {
  return `"combine": "${combine}" needs the same classes, and the labels of "${other}" and "${first}" differ: ${why}. Only if the numbers of both mean the same classes, use one labels file for both`;
}
