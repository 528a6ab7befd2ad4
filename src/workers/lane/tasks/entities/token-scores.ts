/** Turns the numbers of a row's tokens into scores. Computes only those that are asked for. Pure. */
import type { Activation } from '../../../../shared/tasks/classes/activation.ts';

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

  function softmax(token: number, label: number): number {
    let most = -Infinity;
    for (let i = 0; i < classes; i++) most = Math.max(most, at(token, i));
    let sum = 0;
    for (let i = 0; i < classes; i++) sum += Math.exp(at(token, i) - most);
    return Math.exp(at(token, label) - most) / sum;
  }

  return {
    tokens,
    classes,
    score(token, label) {
      if (activation === 'softmax') return softmax(token, label);
      const number = at(token, label);
      if (activation === 'none') return number;
      return 1 / (1 + Math.exp(-number));
    },
    best(token) {
      let best = 0;
      for (let i = 1; i < classes; i++) if (at(token, i) > at(token, best)) best = i;
      return best;
    },
  };
}
