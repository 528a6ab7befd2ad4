// A plan depends only on its seed. Otherwise no failure could be repeated.
import { expect, it } from 'vitest';
import { FAULT_KINDS, planOf } from './plan.ts';

it('the same seed gives the same plan, and another seed gives another plan', () => {
  const plan = planOf(7, { workers: 2, faults: 6 });
  expect(planOf(7, { workers: 2, faults: 6 })).toEqual(plan);
  expect(planOf(8, { workers: 2, faults: 6 })).not.toEqual(plan);
  expect(plan.map(({ at }) => at)).toEqual(plan.map(({ at }) => at).toSorted((a, b) => a - b));
});

it('a few seeds contain every kind of fault', () => {
  const first = FAULT_KINDS.map((_, seed) => planOf(seed, { workers: 2, faults: 1 })[0]!.fault.kind);
  expect(new Set(first)).toEqual(new Set(FAULT_KINDS));
});
