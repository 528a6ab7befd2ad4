/** A model of a pipeline inside a lane. */
import type { RowOutcome } from '../../../shared/domain/row.ts';
import type { OptionValues } from '../../../shared/tasks/task-description.ts';
import type { Executor } from '../executor.ts';
import type { InferenceTimings } from '../models/inference.ts';

export interface Member {
  /** As the pipeline names it. */
  readonly name: string;
  readonly executor: Executor;
  /** The options that this model takes, from those of the pipeline. An open one has the model's own value. */
  optionsFor(given: OptionValues): OptionValues;
}

/** The outcomes of some rows of a batch. */
export interface MemberRun {
  readonly outcomes: readonly RowOutcome[];
  readonly timings: InferenceTimings;
}

export function addTimings(sum: InferenceTimings, more: InferenceTimings): void {
  sum.prepareMs += more.prepareMs;
  sum.inferMs += more.inferMs;
  sum.postMs += more.postMs;
}

/** Says which model an error comes from. */
export function ofMember(name: string, outcome: RowOutcome & { ok: false }): RowOutcome & { ok: false } {
  const { code, message } = outcome.error;
  return { ok: false, error: { code, message: `${name}: ${message}` } };
}
