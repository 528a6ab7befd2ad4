/** Turns a row of output numbers into the answer's JSON text: scores by the config's activation, the best K first. */
import type { Activation } from '../../../shared/tasks/classes/activation.ts';
import type { RowOutcome } from '../../../shared/domain/row.ts';
import { problemOf, scorer } from './activate.ts';
import { digitsText } from './number-text.ts';

/** A float32 guarantees no more digits. */
export const SCORE_DIGITS = 6;

export interface Classifier {
  /**
   * `numbers`: one per class. If one of them gives no score, the row is an error. `threshold`: the lowest score of the
   * answer. `bestLabel`: the name of the best class as JSON text, if only the graph's output tells it.
   */
  answer(
    numbers: Float32Array,
    topK: number,
    threshold?: number | null,
    bestLabel?: string | null,
  ): RowOutcome;
}

export function createClassifier(options: {
  readonly labels: readonly string[] | null;
  readonly activation: Activation;
}): Classifier {
  const { labels, activation } = options;
  const names = labels?.map((label) => labelField(JSON.stringify(label))) ?? null;

  function answer(
    numbers: Float32Array,
    topK: number,
    threshold: number | null = null,
    bestLabel: string | null = null,
  ): RowOutcome {
    const problem = problemOf(numbers, activation);
    if (problem !== null) return { ok: false, error: { code: 'inference_failed', message: problem } };
    // A binary model has one logit, which belongs to the second name.
    const isBinary = numbers.length === 1 && labels?.length === 2;
    const classes = isBinary ? Float32Array.of(-numbers[0]!, numbers[0]!) : numbers;
    const score = scorer(classes, activation);
    const ofBest = bestLabel === null ? '' : labelField(bestLabel);
    const found = best(classes, topK);
    const kept = threshold === null ? found : found.filter((index) => score(index) >= threshold);
    const parts = kept.map(
      (index, rank) =>
        `{"index":${index}${names?.[index] ?? (rank === 0 ? ofBest : '')},"score":${digitsText(score(index), SCORE_DIGITS)}}`,
    );
    return { ok: true, result: `"predictions":[${parts.join(',')}]` };
  }

  return { answer };
}

function labelField(json: string): string {
  return `,"label":${json}`;
}

/** Indices of the K largest scores, largest first. Of equal scores, the lower index comes first. */
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
