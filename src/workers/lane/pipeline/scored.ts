/** Reads and writes the answers of classifiers, which a pipeline compares. */
import { float32Text } from '../../../shared/text/float32-text.ts';

export interface Prediction {
  readonly index: number;
  readonly label?: string;
  readonly score: number;
}

/** Which of the best classes are wanted. Null: all. */
export interface Wanted {
  readonly topK: number | null;
  readonly threshold: number | null;
}

/** `result`: see RowOutcome. Empty if it holds no predictions. */
export function predictionsIn(result: string): readonly Prediction[] {
  const { predictions } = JSON.parse(`{${result}}`) as { readonly predictions?: unknown };
  return Array.isArray(predictions) ? (predictions as readonly Prediction[]) : [];
}

const PREDICTIONS_FIRST = '"predictions":[{';
const SCORE = '"score":';

/**
 * The score of the best class. 0 if no class has been answered, for example below a threshold. Tasks write the predictions
 * first, and parsing them would take a twentieth of the time of a small model.
 */
export function confidenceOf(result: string): number {
  // Inside of a label, each quote has a backslash before it. So this finds the key.
  const at = result.startsWith(PREDICTIONS_FIRST) ? result.indexOf(SCORE) : -1;
  const known =
    at < 0 ? Number.NaN : Number.parseFloat(result.slice(at + SCORE.length, at + SCORE.length + 32));
  if (!Number.isNaN(known)) return known;
  const score = predictionsIn(result)[0]?.score;
  return typeof score === 'number' ? score : 0;
}

/** `ranked`: best first. */
export function predictionsText(ranked: readonly Prediction[], { topK, threshold }: Wanted): string {
  const wanted = ranked
    .filter(({ score }) => threshold === null || score >= threshold)
    .slice(0, topK ?? ranked.length);
  const texts = wanted.map(({ index, label, score }) => {
    const name = label === undefined ? '' : `"label":${JSON.stringify(label)},`;
    return `{"index":${index},${name}"score":${float32Text(Math.fround(score))}}`;
  });
  return `"predictions":[${texts.join(',')}]`;
}
