/** A row on its way through a chain, and the answer that it ends with. */
import type { FailedOutcome, RowOutcome } from '../../../shared/domain/row.ts';
import type { ChainStep, When } from '../../../shared/tasks/pipeline/chain-config.ts';
import { LEFT_OUT_FIELD, STOPPED_FIELD } from '../../../shared/tasks/pipeline/chain-result.ts';
import { MEMBER_ERRORS_FIELD, MODEL_FIELD } from '../../../shared/tasks/pipeline.ts';
import type { TaskInput } from '../tasks/task.ts';
import { inField, withAnswers, type FoundObject } from './found-objects.ts';
import { ofMember } from './member.ts';
import { predictionsIn } from './scored.ts';

export interface ChainRow {
  /** Position in the batch. */
  readonly at: number;
  readonly input: TaskInput;
  /** `stopped`: later steps do not get it. */
  state: { readonly is: 'going' | 'stopped' } | { readonly is: 'failed'; readonly outcome: FailedOutcome };
  /** Answers to the row itself, by step, as JSON without braces. */
  readonly answers: Map<number, string>;
  /** By the step that has found them. */
  readonly objects: Map<number, readonly FoundObject[]>;
  /** The last step that has answered the row or one of its crops. */
  last: number;
  leftOut: number;
  readonly errors: { readonly model: string; readonly code: string; readonly message: string }[];
}

export function newRow(at: number, input: TaskInput): ChainRow {
  const state = { is: 'going' } as const;
  return { at, input, state, answers: new Map(), objects: new Map(), last: 0, leftOut: 0, errors: [] };
}

export function isGoing({ state }: ChainRow): boolean {
  return state.is === 'going';
}

/** A model has failed on the row or, if `where` says so, on a part of it. With `isPartial`, the row keeps what it has. */
export function failStep(
  row: ChainRow,
  { model }: ChainStep,
  outcome: FailedOutcome,
  { isPartial, where = '' }: { readonly isPartial: boolean; readonly where?: string },
): void {
  const { error } = ofMember(model, outcome);
  const named = where === '' ? outcome.error.message : `${where}: ${outcome.error.message}`;
  const whole = { ...error, message: `${model}: ${named}` };
  if (!isPartial || row.answers.size === 0)
    row.state = { is: 'failed', outcome: { ok: false, error: whole } };
  else row.errors.push({ [MODEL_FIELD]: model, ...whole });
}

/** Whether the row, by the answer of an earlier step, goes on to a step. */
export function rowFits(row: ChainRow, { of, ...when }: NonNullable<ChainStep['when']>): boolean {
  const objects = row.objects.get(of);
  if (objects !== undefined) return objects.some((one) => fits(one, when));
  const [best] = predictionsIn(row.answers.get(of) ?? '');
  return best !== undefined && fits(best, when);
}

/** Whether an object goes on to a step. `of`: the detector, or a step that has answered its crop. */
export function objectFits(object: FoundObject, { detector, when }: ChainStep): boolean {
  if (when === null) return true;
  if (when.of === detector) return fits(object, when);
  const [best] = predictionsIn(object.answers.get(when.of) ?? '');
  return best !== undefined && fits(best, when);
}

function fits(
  { label, index, score = 0 }: Pick<FoundObject, 'label' | 'index' | 'score'>,
  { label: labels, min_score: least = 0 }: Pick<When, 'label' | 'min_score'>,
): boolean {
  if (score < least) return false;
  return labels?.some((wanted) => wanted === (typeof wanted === 'string' ? label : index)) ?? true;
}

export function outcomeOf(row: ChainRow, steps: readonly ChainStep[]): RowOutcome {
  if (row.state.is === 'failed') return row.state.outcome;
  const parts: string[] = [];
  for (const [step, answer] of row.answers) {
    const objects = row.objects.get(step);
    const whole = objects === undefined ? answer : withAnswers(answer, objects, placesOf(steps, step));
    parts.push(inField(whole, steps[step]!.as));
  }
  if (row.state.is === 'stopped') {
    const last = [...row.answers.keys()].at(-1)!;
    parts.push(`"${STOPPED_FIELD}":${JSON.stringify(steps[last]!.model)}`);
  }
  if (row.leftOut > 0) parts.push(`"${LEFT_OUT_FIELD}":${row.leftOut}`);
  if (row.errors.length > 0) parts.push(`"${MEMBER_ERRORS_FIELD}":${JSON.stringify(row.errors)}`);
  return { ok: true, result: parts.filter((part) => part !== '').join(',') };
}

/** The steps that get crops of a detector's objects, with the fields for their answers. */
function placesOf(steps: readonly ChainStep[], detector: number): ReadonlyMap<number, string | null> {
  const places = new Map<number, string | null>();
  for (const [at, step] of steps.entries()) if (step.detector === detector) places.set(at, step.as);
  return places;
}
