/** Turns the numbers of a classifier into scores by the config's activation. Pure. */
import type { Activation } from '../../../shared/tasks/classes/activation.ts';

/**
 * Why the numbers give no scores. Null: they do. A logit of -Infinity gives the probability 0. With softmax, at least
 * one logit must be finite. NaN and Infinity never give a score.
 */
export function problemOf(numbers: Float32Array, activation: Activation): string | null {
  const odd = numbers.findIndex((number) => !Number.isFinite(number));
  if (odd < 0) return null;
  const says = (index: number) => `the model returned ${numbers[index]} (class ${index})`;
  if (activation === 'none') return says(odd);
  const broken = numbers.findIndex((number) => !(number < Infinity));
  if (broken >= 0) return says(broken);
  const isEmpty = activation === 'softmax' && numbers.every((number) => number === -Infinity);
  return isEmpty ? 'the model returned -Infinity for every class' : null;
}

/** Returned functions are monotone, so ranking needs only the numbers. Takes `count` numbers from `from`. */
export function scorer(
  numbers: Float32Array,
  activation: Activation,
  from = 0,
  count = numbers.length,
): (index: number) => number {
  if (activation === 'softmax') return softmax(numbers, from, count);
  if (activation === 'sigmoid') return (index) => sigmoid(numbers[from + index]!);
  return (index) => numbers[from + index]!;
}

export function sigmoid(number: number): number {
  return 1 / (1 + Math.exp(-number));
}

/** Numerically stable, in double precision. Takes `count` numbers from `from`. */
export function softmax(numbers: Float32Array, from = 0, count = numbers.length): (index: number) => number {
  let max = -Infinity;
  for (let i = from; i < from + count; i++) if (numbers[i]! > max) max = numbers[i]!;
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += Math.exp(numbers[i]! - max);
  return (index) => Math.exp(numbers[from + index]! - max) / sum;
}
