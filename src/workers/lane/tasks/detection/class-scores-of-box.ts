/** Which classes a box has, from the numbers of all classes. */
import type { Activation } from '../../../../shared/tasks/classes/activation.ts';
import { sigmoid } from '../activate.ts';
import type { Candidates } from './candidates.ts';
import { NAN_SCORE, NO_SCORE } from './head.ts';

/** Calls `take` for each class of the box whose score is at least the threshold. `at`: where its numbers begin. */
export type ClassScores = (
  numbers: Float32Array,
  at: number,
  threshold: number,
  into: Candidates,
  take: (score: number, label: number) => void,
) => void;

/** Sigmoids of higher logits are so close to 1 that rounding decides whether they reach the threshold. */
const HIGHEST_LOGIT = 30;

/** With sigmoid, classes are independent, so a box may have several. Otherwise it has the best one. */
export function createClassScores(activation: Activation, width: number, hasNoObject: boolean): ClassScores {
  const classes = hasNoObject ? width - 1 : width;
  if (activation === 'sigmoid') {
    return (numbers, at, threshold, into, take) => {
      const least = Math.min(HIGHEST_LOGIT, Math.log(threshold / (1 - threshold)));
      for (let label = 0; label < classes; label++) {
        const number = numbers[at + label]!;
        // Few numbers come near the threshold, so the exact comparison is rare.
        if (number >= least - 1e-3) {
          const score = sigmoid(number);
          if (score >= threshold) take(score, label);
        } else if (Number.isNaN(number)) into.reject(NAN_SCORE);
      }
    };
  }
  return (numbers, at, threshold, into, take) => {
    let label = 0;
    let best = -Infinity;
    for (let i = 0; i < classes; i++) {
      const number = numbers[at + i]!;
      // A larger number and NaN both fail this comparison.
      if (number <= best) continue;
      if (Number.isNaN(number)) return into.reject(NAN_SCORE);
      best = number;
      label = i;
    }
    const score = activation === 'softmax' ? softmaxOf(numbers, at, width, best) : best;
    if (score >= threshold) take(score, label);
    else if (Number.isNaN(score) || score === -Infinity) into.reject(NO_SCORE);
  };
}

/** The softmax of `best`, among all numbers of the box. NaN if a number is NaN, or if all are -Infinity. */
function softmaxOf(numbers: Float32Array, at: number, width: number, best: number): number {
  // Only "no object", the last number, may be finite then.
  if (best === -Infinity) return numbers[at + width - 1]! > -Infinity ? 0 : NaN;
  let sum = 0;
  for (let i = 0; i < width; i++) sum += Math.exp(numbers[at + i]! - best);
  return 1 / sum;
}
