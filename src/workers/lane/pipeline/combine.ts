/** Makes one answer of the answers of several models. */
import type { CombineMode } from '../../../shared/tasks/pipeline/pipeline-config.ts';
import { SCORED_FIELD } from '../../../shared/tasks/pipeline/chain-config.ts';
import { ANSWERS_FIELD, MODEL_FIELD } from '../../../shared/tasks/pipeline.ts';
import { rawMembers } from '../../../shared/sinks/table/raw-members.ts';
import type { ClassNumbers } from './class-numbers.ts';
import { confidenceOf, predictionsIn, predictionsText, type Prediction, type Wanted } from './scored.ts';

export interface MemberAnswer {
  readonly name: string;
  readonly weight: number;
  /** See Member. */
  readonly isCode: boolean;
  readonly numbers: ClassNumbers;
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

/** Whether members must answer all classes, because a class may be far down in the answer of one of them. */
export function needsAllClasses(mode: CombineMode): boolean {
  return mode === 'average';
}

/** Whether the threshold is that of the combined scores, which say nothing of the members' own. */
export function combinesScores(mode: CombineMode): boolean {
  return mode === 'average' || mode === 'vote';
}

/** Adds the field that names the model. */
export function withModel(result: string, name: string): string {
  return withField(result, MODEL_FIELD, JSON.stringify(name));
}

/** Adds a field. It replaces a field of that name that the model itself has answered. `value`: JSON. */
export function withField(result: string, field: string, value: string): string {
  const own = without(result, field);
  return `${own}${own === '' ? '' : ','}"${field}":${value}`;
}

/** Leaves out classes with lower scores. */
export function withoutLow(result: string, threshold: number): string {
  const all = predictionsIn(result);
  if (all.every(({ score }) => score >= threshold)) return result;
  const kept = predictionsText(all, { topK: null, threshold });
  return withField(result, SCORED_FIELD, kept.slice(kept.indexOf('[')));
}

function without(result: string, field: string): string {
  if (!result.includes(`"${field}":`)) return result;
  const kept = [...rawMembers(result)].filter(([name]) => name !== field);
  return kept.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',');
}

/** The first one of equally sure models. */
function surest(answers: readonly MemberAnswer[]): Combined {
  let best = answers[0]!;
  let most = confidenceOf(best);
  for (const answer of answers.slice(1)) {
    const confidence = confidenceOf(answer);
    if (confidence <= most) continue;
    best = answer;
    most = confidence;
  }
  return { result: withModel(best.result, best.name), by: best.name };
}

function predictionsOf({ result, numbers }: MemberAnswer): readonly Prediction[] {
  const own = predictionsIn(result);
  if (numbers === null) return own;
  return own.map(({ index: ownIndex, ...one }) => {
    const index = one.label === undefined ? ownIndex : numbers.get(one.label);
    return index === undefined ? one : { index, ...one };
  });
}

/** A class that a model does not answer has the score 0 there. */
function average(answers: readonly MemberAnswer[], wanted: Wanted): string {
  const whole = answers.reduce((sum, { weight }) => sum + weight, 0);
  const lists = answers.map(predictionsOf);
  const classOf = classFinder(lists);
  const sums = new Map<ClassKey, Prediction>();
  for (const [i, { weight }] of answers.entries()) {
    for (const one of lists[i]!) {
      const key = classOf(one);
      const before = sums.get(key);
      const share = (one.score * weight) / whole;
      if (before === undefined) sums.set(key, { ...one, score: share });
      else sums.set(key, { ...named(before, one), score: before.score + share });
    }
  }
  const ranked = [...sums.values()].toSorted((a, b) => b.score - a.score || placeOf(a) - placeOf(b));
  return predictionsText(ranked, wanted);
}

/** A class with its number and its name, from whichever answer has them. */
function named(a: Prediction, b: Prediction): Prediction {
  return a.index !== undefined && (a.label !== undefined || b.label === undefined) ? a : { ...a, ...b };
}

/** Classes without a number come last, in the order of the answers. */
function placeOf({ index }: Prediction): number {
  return index ?? Number.MAX_SAFE_INTEGER;
}

/** The number of a class. Its label, if no model says the number. */
type ClassKey = number | string;

function classFinder(lists: readonly (readonly Prediction[])[]): (one: Prediction) => ClassKey {
  const isNamedOnly = lists.some((list) => list.some(({ index }) => index === undefined));
  if (!isNamedOnly) return ({ index }) => index!;
  const numbers = new Map<string | undefined, number>();
  for (const { index, label } of lists.flat()) if (index !== undefined) numbers.set(label, index);
  return ({ index, label }) => index ?? numbers.get(label) ?? label!;
}

/** The score of a class is the share of the models that name it first. Equal shares: the sum of scores decides. */
function vote(answers: readonly MemberAnswer[], wanted: Wanted): string {
  const lists = answers.map(predictionsOf);
  const classOf = classFinder(lists);
  const votes = new Map<ClassKey, { best: Prediction; count: number; sum: number }>();
  for (const [best] of lists) {
    if (best === undefined) continue;
    const key = classOf(best);
    const entry = votes.get(key) ?? { best, count: 0, sum: 0 };
    entry.best = named(entry.best, best);
    entry.count += 1;
    entry.sum += best.score;
    votes.set(key, entry);
  }
  const ranked = [...votes.values()].toSorted((a, b) => b.count - a.count || b.sum - a.sum);
  const shares = ranked.map(({ best, count }) => ({ ...best, score: count / answers.length }));
  return predictionsText(shares, wanted);
}

function all(answers: readonly MemberAnswer[]): string {
  const texts = answers.map(({ name, result }) => {
    const own = without(result, MODEL_FIELD);
    return `{"${MODEL_FIELD}":${JSON.stringify(name)}${own === '' ? '' : ','}${own}}`;
  });
  return `"${ANSWERS_FIELD}":[${texts.join(',')}]`;
}
