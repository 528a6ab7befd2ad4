import { expect, it } from 'vitest';
import { countFailures, UNCHANGED } from '#forebay/shared/domain/unchanged.js';

it('a row that need not be computed is no failure', () => {
  const failed = { at: 1, error: { code: 'invalid_row' as const, message: 'no field "x"' } };
  // It has come from another process, so it is another object.
  expect(countFailures([{ at: 0, error: { ...UNCHANGED } }, failed].map(({ error }) => ({ error })))).toBe(1);
});
