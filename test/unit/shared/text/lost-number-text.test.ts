import { expect, it } from 'vitest';
import { lostNumberIn } from '#forebay/shared/text/lost-number-text.js';

it.each([
  ['1e400', '1e400'],
  ['-1E+309', '-1E+309'],
  ['[1,{"a":[2,1e0309]}]', '1e0309'],
  [`${'9'.repeat(400)}`, `${'9'.repeat(40)}...`],
  ['1e308', null],
  ['1e-400', null],
  ['123456789012345678901234567890', null],
  ['"1e400"', null],
  ['["1e400 \\" 1e400", "\\\\", 1]', null],
  ['{"1e400":null}', null],
  ['["\\\\",1e400]', '1e400'],
  ['0.1e1234', '0.1e1234'],
  [`0e999`, null],
])('%s', (text, lost) => {
  expect(lostNumberIn(text)).toBe(lost);
});
