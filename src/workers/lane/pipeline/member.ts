/** A model of a pipeline inside a lane. */
import type { FailedOutcome, RowOutcome } from '../../../shared/domain/row.ts';
import { messageOf } from '../../../shared/errors.ts';
import type { OptionValues } from '../../../shared/tasks/task-description.ts';
import type { Executor } from '../executor.ts';
import type { InferenceTimings } from '../models/inference.ts';
import { invalidAnswer } from '../predictor/answers.ts';
import type { ClassNumbers } from './class-numbers.ts';
import { whyUnscored } from './scored.ts';

export interface Member {
  /** As the pipeline names it. */
  readonly name: string;
  readonly executor: Executor;
  /** Whether code of users makes its answers, so that they may hold anything. */
  readonly isCode: boolean;
  readonly numbers: ClassNumbers;
  /** Rows of its own batches, if a pipeline cuts batches for it. */
  readonly batchSize: number;
  /** The options that this model takes, from those of the pipeline. An open one has the model's own value. */
  optionsFor(given: OptionValues): OptionValues;
}

/** The outcomes of some rows of a batch. */
export interface MemberRun {
  readonly outcomes: readonly RowOutcome[];
  readonly timings: InferenceTimings;
}

/** The outcome, or an error if its scores cannot be compared. */
export function scoredOutcome({ isCode }: Member, outcome: RowOutcome): RowOutcome {
  if (!isCode || !outcome.ok) return outcome;
  const why = whyUnscored(outcome.result);
  return why === null ? outcome : invalidAnswer(`the answer has no scores to compare: ${why}`);
}

/** A row whose answers cannot be combined fails alone. */
export function orInvalid(combine: () => RowOutcome): RowOutcome {
  try {
    return combine();
  } catch (error) {
    return invalidAnswer(`the answers of the models cannot be combined: ${messageOf(error)}`);
  }
}

/** Says which model an error comes from. */
export function ofMember(name: string, outcome: FailedOutcome): FailedOutcome {
  const { code, message } = outcome.error;
  return { ok: false, error: { code, message: `${name}: ${message}` } };
}
