import { expect, it } from 'vitest';
import { dateText, daysOf, momentOf, momentText } from '#forebay/shared/text/moment-text.js';

it('times and dates come back from their texts, before 1970 and beyond the years of JavaScript', () => {
  const perSecond = 1_000_000_000n;
  for (const value of [0n, -1n, 1767323045006007008n, -1767323045006007008n, 2n ** 62n]) {
    expect(momentOf(momentText(value, perSecond, 'Z'), perSecond)).toBe(value);
  }
  expect(momentOf(momentText(2n ** 62n, 1000n, ''), 1000n)).toBe(2n ** 62n);
  for (const days of [0, -1, 20_455, 3_000_000, 200_000_000]) expect(daysOf(dateText(days))).toBe(days);
  expect([momentOf('soon', 1000n), daysOf('2026-13-01')]).toEqual([null, null]);
});
