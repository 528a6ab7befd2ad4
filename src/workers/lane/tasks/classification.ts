/** Turns a row of output numbers into the answer's JSON: scores by the config's activation, the best K first. */
import type { Activation } from '../../../shared/tasks/classes/activation.ts';
import { unpackOutcomes } from '../../../shared/domain/outcomes.ts';
import type { RowOutcome } from '../../../shared/domain/row.ts';
import { problemOf, scorer } from './activate.ts';
import { answerWriters, type AnswerWriter } from './answer-writer.ts';

/** A float32 guarantees no more digits. */
export const SCORE_DIGITS = 6;

/** The numbers of one row: `count` of them, from `from`. */
export interface ClassNumbers {
  readonly numbers: Float32Array;
  readonly from: number;
  readonly count: number;
}

export interface Classifier {
  /**
   * Writes the answer of a row. If one of its numbers gives no score, the row is an error. `threshold`: the lowest score
   * of the answer. `bestLabel`: the name of the best class as JSON text, if only the graph's output tells it.
   */
  write(
    answers: AnswerWriter,
    row: ClassNumbers,
    topK: number,
    threshold: number | null,
    bestLabel: string | null,
  ): void;
  /** The answer of a single row. */
  answer(numbers: Float32Array, topK: number, threshold?: number | null): RowOutcome;
}

export function createClassifier(options: {
  readonly labels: readonly string[] | null;
  readonly activation: Activation;
}): Classifier {
  const { labels, activation } = options;
  const openAnswers = answerWriters();
  /** By class, the bytes before its score, if it is the best one and if it is not. */
  const firstHeads: Buffer[] = [];
  const nextHeads: Buffer[] = [];
  /** The best classes of the current row. */
  const top: number[] = [];

  function headOf(index: number, isFirst: boolean): Buffer {
    if (isFirst) return (firstHeads[index] ??= headText(index, FIRST, nameOf(index)));
    return (nextHeads[index] ??= headText(index, NEXT, nameOf(index)));
  }

  function nameOf(index: number): string {
    const label = labels?.[index];
    return label === undefined ? '' : labelField(JSON.stringify(label));
  }

  function write(
    answers: AnswerWriter,
    row: ClassNumbers,
    topK: number,
    threshold: number | null,
    bestLabel: string | null,
  ): void {
    const problem = problemIn(row, activation);
    if (problem !== null) return answers.fail({ code: 'inference_failed', message: problem });
    const classes = isBinary(row, labels) ? bothClasses(row) : row;
    const score = scorer(classes.numbers, activation, classes.from, classes.count);
    let isFirst = true;
    const found = best(classes, topK, top);
    for (let place = 0; place < found; place++) {
      const index = top[place]!;
      const value = score(index);
      if (threshold !== null && value < threshold) continue;
      const takesLabel = isFirst && bestLabel !== null && labels?.[index] === undefined;
      answers.bytes(takesLabel ? headText(index, FIRST, labelField(bestLabel)) : headOf(index, isFirst));
      answers.digits(value, SCORE_DIGITS);
      isFirst = false;
    }
    answers.bytes(isFirst ? NONE : LAST);
    answers.endRow();
  }

  return {
    write,
    answer(numbers, topK, threshold = null) {
      const answers = openAnswers(1);
      write(answers, { numbers, from: 0, count: numbers.length }, topK, threshold, null);
      return unpackOutcomes(answers.end())[0]!;
    },
  };
}

const FIRST = '"predictions":[{';
const NEXT = '},{';
const LAST = Buffer.from('}]');
const NONE = Buffer.from('"predictions":[]');

/** `name`: the field of the label, or nothing. */
function headText(index: number, before: string, name: string): Buffer {
  return Buffer.from(`${before}"index":${index}${name},"score":`);
}

function problemIn({ numbers, from, count }: ClassNumbers, activation: Activation): string | null {
  for (let i = from; i < from + count; i++) {
    if (!Number.isFinite(numbers[i])) return problemOf(numbers.subarray(from, from + count), activation);
  }
  return null;
}

/** A binary model has one logit, which belongs to the second name. */
function isBinary({ count }: ClassNumbers, labels: readonly string[] | null): boolean {
  return count === 1 && labels?.length === 2;
}

function bothClasses({ numbers, from }: ClassNumbers): ClassNumbers {
  return { numbers: Float32Array.of(-numbers[from]!, numbers[from]!), from: 0, count: 2 };
}

function labelField(json: string): string {
  return `,"label":${json}`;
}

/**
 * Puts the indices of the K largest scores into `top`, largest first. Of equal scores, the lower index comes first.
 * Returns how many there are.
 */
function best({ numbers, from, count }: ClassNumbers, k: number, top: number[]): number {
  let found = 0;
  for (let index = 0; index < count; index++) {
    const score = numbers[from + index]!;
    if (found === k && score <= numbers[from + top[k - 1]!]!) continue;
    let at = found === k ? k - 1 : found++;
    while (at > 0 && numbers[from + top[at - 1]!]! < score) {
      top[at] = top[at - 1]!;
      at -= 1;
    }
    top[at] = index;
  }
  return found;
}
