/** Makes one answer of the answers of several models. */
import type { CombineMode } from '../../../shared/tasks/pipeline/pipeline-config.ts';
import { ANSWERS_FIELD, MODEL_FIELD } from '../../../shared/tasks/pipeline.ts';
import { confidenceOf, predictionsIn, predictionsText, type Prediction, type Wanted } from './scored.ts';

export interface MemberAnswer {
  readonly name: string;
  readonly weight: number;
  /** See RowOutcome. */
  readonly result: string;
}

export interface Combined {
  readonly result: string;
  /** The model whose answer it is. Null if it is of several. */
  readonly by: string | null;
}

/** `answers`: at least one, in the order of the pipeline. */
export function combine(mode: CombineMode, answers: readonly MemberAnswer[], wanted: Wanted): Combined {
  switch (mode) {
    case 'max_confidence':
      return surest(answers);
    case 'average':
      return { result: average(answers, wanted), by: null };
    case 'vote':
      return { result: vote(answers, wanted), by: null };
    case 'all':
      return { result: all(answers), by: null };
  }
}

/** Members of these modes answer all classes, because a class may be far down in one of them. */
export function needsAllClasses(mode: CombineMode): boolean {
  return mode === 'average';
}

/** The text of a field that names a model. */
export function withModel(result: string, name: string): string {
  return `${result}${result === '' ? '' : ','}"${MODEL_FIELD}":${JSON.stringify(name)}`;
}

/** The first one of equally sure models. */
function surest(answers: readonly MemberAnswer[]): Combined {
  let best = answers[0]!;
  let most = confidenceOf(best.result);
  for (const answer of answers.slice(1)) {
    const confidence = confidenceOf(answer.result);
    if (confidence <= most) continue;
    best = answer;
    most = confidence;
  }
  return { result: withModel(best.result, best.name), by: best.name };
}

/** A class that a model does not answer has the score 0 there. */
function average(answers: readonly MemberAnswer[], wanted: Wanted): string {
  const whole = answers.reduce((sum, { weight }) => sum + weight, 0);
  const sums = new Map<number, Prediction>();
  for (const { weight, result } of answers) {
    for (const one of predictionsIn(result)) {
      const before = sums.get(one.index)?.score ?? 0;
      sums.set(one.index, { ...one, score: before + (one.score * weight) / whole });
    }
  }
  const ranked = [...sums.values()].toSorted((a, b) => b.score - a.score || a.index - b.index);
  return predictionsText(ranked, wanted);
}

/** The score of a class is the share of the models that name it first. Equal shares: the sum of scores decides. */
function vote(answers: readonly MemberAnswer[], wanted: Wanted): string {
  const votes = new Map<number, { best: Prediction; count: number; sum: number }>();
  for (const { result } of answers) {
    const [best] = predictionsIn(result);
    if (best === undefined) continue;
    const entry = votes.get(best.index) ?? { best, count: 0, sum: 0 };
    entry.count += 1;
    entry.sum += best.score;
    votes.set(best.index, entry);
  }
  const ranked = [...votes.values()].toSorted((a, b) => b.count - a.count || b.sum - a.sum);
  const shares = ranked.map(({ best, count }) => ({ ...best, score: count / answers.length }));
  return predictionsText(shares, wanted);
}

function all(answers: readonly MemberAnswer[]): string {
  const texts = answers.map(
    ({ name, result }) => `{"${MODEL_FIELD}":${JSON.stringify(name)}${result === '' ? '' : ','}${result}}`,
  );
  return `"${ANSWERS_FIELD}":[${texts.join(',')}]`;
}
