/** A row of class scores into the answer's JSON text: softmax where the contract says so, best K first. */
import type { RowOutcome } from '../../../shared/domain/row.ts';

export interface Classifier {
  /** One row's scores by class index. Numbers that JSON cannot say make the row an error. */
  answer(scores: Float32Array, topK: number): RowOutcome;
}

export function createClassifier(options: {
  readonly labels: readonly string[] | null;
  readonly softmax: boolean;
}): Classifier {
  const names = options.labels?.map((label) => `,"label":${JSON.stringify(label)}`) ?? null;

  function answer(scores: Float32Array, topK: number): RowOutcome {
    const broken = scores.findIndex((score) => !Number.isFinite(score));
    if (broken >= 0) {
      const message = `the model returned ${scores[broken]} (class ${broken})`;
      return { ok: false, error: { code: 'inference_failed', message } };
    }
    const score = options.softmax ? softmax(scores) : (index: number) => scores[index]!;
    const parts = best(scores, topK).map(
      (index) => `{"index":${index}${names?.[index] ?? ''},"score":${sixDigits(score(index))}}`,
    );
    return { ok: true, result: `"predictions":[${parts.join(',')}]` };
  }

  return { answer };
}

/** Stable, in double precision; monotone, so ranking needs only the raw scores. */
function softmax(scores: Float32Array): (index: number) => number {
  let max = -Infinity;
  for (const score of scores) if (score > max) max = score;
  let sum = 0;
  for (const score of scores) sum += Math.exp(score - max);
  return (index) => Math.exp(scores[index]! - max) / sum;
}

/** Indices of the K largest, largest first; of equal scores the lower index is better. */
function best(scores: Float32Array, k: number): number[] {
  const top: number[] = [];
  for (let index = 0; index < scores.length; index++) {
    const score = scores[index]!;
    if (top.length === k && score <= scores[top[k - 1]!]!) continue;
    let at = top.length === k ? k - 1 : top.length;
    while (at > 0 && scores[top[at - 1]!]! < score) {
      if (at < k) top[at] = top[at - 1]!;
      at -= 1;
    }
    top[at] = index;
  }
  return top;
}

/** As many digits as a float32 really holds. */
function sixDigits(score: number): string {
  const size = Math.abs(score);
  const scale = POWERS_OF_TEN[5 - Math.floor(Math.log10(size))];
  // 0, and sizes that no such power brings to six digits; toPrecision takes twice as long.
  if (scale === undefined) return String(Number(score.toPrecision(6)));
  const rounded = Math.round(size * scale) / scale;
  return String(score < 0 ? -rounded : rounded);
}

/** Those that a double holds exactly, so that dividing by them rounds as reading the digits does. */
const POWERS_OF_TEN: readonly number[] = Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));
