// The subjects of the benchmarks, and the comparison of their answers.
import { expect, it } from 'vitest';
import { TASKS } from '#forebay/shared/tasks/task-descriptions.js';

const bench = (path: string) => new URL(`../../../bench/${path}`, import.meta.url).href;
const { SUBJECTS } = (await import(bench('harness/subjects.js'))) as {
  readonly SUBJECTS: Readonly<Record<string, { readonly target: string }>>;
};
const { MODELS } = (await import(bench('harness/models.js'))) as {
  readonly MODELS: Readonly<Record<string, { readonly config: () => { readonly task: string } }>>;
};
const { difference } = (await import(bench('harness/same-values.js'))) as {
  readonly difference: (expected: unknown, found: unknown, tolerance: number) => string | null;
};

it('every task has a subject with a target', () => {
  const tasks = Object.entries(SUBJECTS)
    .filter(([, { target }]) => target !== undefined)
    .map(([name]) => MODELS[name.replace(/-fast$/, '')]!.config().task);
  expect(new Set(tasks)).toEqual(new Set(TASKS.map(({ id }) => id)));
});

it('a difference that is larger than rounding is reported with its place', () => {
  const answer = { detections: [{ index: 3, score: 0.5, box: [1, 2, 300, 4] }] };
  const changed = (more: object) => ({ detections: [{ ...answer.detections[0]!, ...more }] });
  expect(difference(answer, { id: 'a', ...changed({ label: 'cat', score: 0.50005 }) }, 1e-4)).toBeNull();
  expect(difference(answer, changed({ score: 0.51 }), 1e-4)).toBe('/detections/0/score: 0.5 and 0.51');
  expect(difference(answer, changed({ index: 4 }), 1e-4)).toBe('/detections/0/index: 3 and 4');
  expect(difference(answer, changed({ box: [1, 2, 300.5, 4] }), 1e-4)).toContain('/box/2');
  expect(difference(answer, { detections: [] }, 1e-4)).toContain('/detections');
  expect(difference(answer, { predictions: [] }, 1e-4)).toContain('and nothing');
  expect(difference({ embedding: [1] }, { embedding: [null] }, 1e-4)).toBe('/embedding/0: 1 and null');
});
