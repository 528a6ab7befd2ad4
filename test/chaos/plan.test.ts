// Plans follow from their seeds alone, or no failure could be run again.
import { expect, it } from 'vitest';
import { FAULT_KINDS, planOf } from './plan.ts';

it('makes the same plan of the same seed, another of another', () => {
  const plan = planOf(7, { workers: 2, faults: 6 });
  expect(planOf(7, { workers: 2, faults: 6 })).toEqual(plan);
  expect(planOf(8, { workers: 2, faults: 6 })).not.toEqual(plan);
  expect(plan.map(({ at }) => at)).toEqual(plan.map(({ at }) => at).toSorted((a, b) => a - b));
});

it('meets every kind of fault within a few seeds', () => {
  const first = FAULT_KINDS.map((_, seed) => planOf(seed, { workers: 2, faults: 1 })[0]!.fault.kind);
  expect(new Set(first)).toEqual(new Set(FAULT_KINDS));
});
