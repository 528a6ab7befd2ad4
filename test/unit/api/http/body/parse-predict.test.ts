import { expect, it } from 'vitest';
import { parsePredict } from '#forebay/api/http/body/parse-predict.js';

it('rows with numbers that JavaScript would turn into null are refused, each with its path', () => {
  const parse = (rows: string) => parsePredict(Buffer.from(`{"rows":[${rows}]}`), 40, 'application/json');
  const message = 'is a number beyond 1.8e308, the largest 64-bit float';
  expect(parse('{"a":1},{"a":1e999,"b":1e999},{"c":{"d":[[2],[-1e400]]}}')).toEqual({
    ok: false,
    issues: [
      { path: '/rows/1/a', message },
      { path: '/rows/2/c/d/1/0', message },
    ],
  });
  expect(parse('{"a":1.7e308,"b":"1e999","c":null}')).toMatchObject({ ok: true });
});
