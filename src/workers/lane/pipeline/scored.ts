/** Reads and writes the answers of classifiers, which a pipeline compares. */
import { float32Text } from '../../../shared/text/float32-text.ts';

export interface Prediction {
  /** Only code of users may leave it out. The label is then given. */
  readonly index?: number;
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
  const found = listIn(result);
  return Array.isArray(found) ? (found as readonly Prediction[]) : [];
}

function listIn(result: string): unknown {
  return (JSON.parse(`{${result}}`) as { readonly predictions?: unknown }).predictions;
}

/** Why the answer of code cannot be compared with others. Null if it can. */
export function whyUnscored(result: string): string | null {
  const found = listIn(result);
  if (found === undefined) return null;
  if (!Array.isArray(found)) return 'predictions is not a list';
  for (const [i, one] of (found as readonly unknown[]).entries()) {
    const why = whyNoPrediction(one);
    if (why !== null) return `predictions.${i}${why}`;
  }
  return null;
}

function whyNoPrediction(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return ' is no object';
  const { index, label, score } = value as Readonly<Record<keyof Prediction, unknown>>;
  // Scores are written as 32-bit floats.
  if (typeof score !== 'number' || !Number.isFinite(Math.fround(score)))
    return '.score is not a 32-bit number';
  if (index !== undefined && !Number.isSafeInteger(index)) return '.index is not a whole number';
  if (label !== undefined && typeof label !== 'string') return '.label is not a text';
  return index === undefined && label === undefined ? ' has neither "index" nor "label"' : null;
}

const PREDICTIONS_FIRST = '"predictions":[{';
const SCORE = '"score":';

/**
 * The score of the best class. 0 if no class has been answered, for example below a threshold. Tasks write the predictions
 * first, and parsing them would take a twentieth of the time of a small model. Code may write anything before the score.
 */
export function confidenceOf({
  result,
  isCode,
}: {
  readonly result: string;
  readonly isCode: boolean;
}): number {
  // Inside of a label, each quote has a backslash before it. So this finds the key.
  const at = !isCode && result.startsWith(PREDICTIONS_FIRST) ? result.indexOf(SCORE) : -1;
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
    const number = index === undefined ? '' : `"index":${index},`;
    const name = label === undefined ? '' : `"label":${JSON.stringify(label)},`;
    return `{${number}${name}"score":${float32Text(Math.fround(score))}}`;
  });
  return `"predictions":[${texts.join(',')}]`;
}
