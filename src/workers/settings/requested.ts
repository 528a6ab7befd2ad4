/** A number that an operator, a model or a profile asks for. It overrides the formulas. */
import type { Choice } from '../../shared/domain/choice.ts';

export interface Requested {
  readonly value: number;
  readonly boundBy: 'setting' | 'model_config' | 'profile';
}

export function requested(boundBy: Requested['boundBy'], value: number | undefined): Requested | undefined {
  return value === undefined ? undefined : { value, boundBy };
}

const WHY = {
  setting: 'set for this worker',
  model_config: 'named in model.json',
  profile: 'chosen by forebay tune for this model on this machine',
} as const;

export function choiceOf({ value, boundBy }: Requested): Choice {
  return { value, boundBy, why: WHY[boundBy] };
}
