/** Turns the numbers of a row's tokens into scores. Computes only those that are asked for. Pure. */
import type { Activation } from '../../../../shared/tasks/classes/activation.ts';
import { sigmoid, softmax } from '../activate.ts';

/** The scores of a row: `classes` per token, one token after the other. */
export interface TokenScores {
  readonly classes: number;
  /** Tokens per row of the graph's output, padding included. */
  readonly tokens: number;
  /** From 0 to 1. NaN if the model returned a number that gives no score. */
  score(token: number, label: number): number;
  /** The label with the highest score. Of equal ones, the first. */
  best(token: number): number;
}

/** `numbers`: `classes` per token, one token after the other. */
export function toScores(
  numbers: Float32Array,
  tokens: number,
  classes: number,
  activation: Activation,
): TokenScores {
  const at = (token: number, label: number) => numbers[token * classes + label]!;

  return {
    tokens,
    classes,
    score(token, label) {
      if (activation === 'softmax') return softmax(numbers, token * classes, classes)(label);
      const number = at(token, label);
      return activation === 'none' ? number : sigmoid(number);
    },
    best(token) {
      let best = 0;
      for (let i = 1; i < classes; i++) if (at(token, i) > at(token, best)) best = i;
      return best;
    },
  };
}
