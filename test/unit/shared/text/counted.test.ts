import { expect, it } from 'vitest';
import { counted } from '#forebay/shared/text/counted.js';

it.each([
  [counted(0, 'row'), '0 rows'],
  [counted(1, 'row'), '1 row'],
  [counted(2, 'row'), '2 rows'],
  [counted(1, 'batch', 'batches'), '1 batch'],
  [counted(1.5, 'batch', 'batches'), '1.5 batches'],
])('a number and its noun agree: %s', (text, expected) => {
  expect(text).toBe(expected);
});
