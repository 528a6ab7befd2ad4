import { expect, it } from 'vitest';
import { messageOf } from '#forebay/shared/errors.js';

it('whatever code throws has a message', () => {
  const trap = () => {
    throw new Error('trap');
  };
  const odd = [new Proxy({}, { get: trap, getPrototypeOf: trap }), Object.create(null) as object];
  const numbered = Object.assign(new Error('x'), { message: 7 });
  const objects = [{ code: 14, details: 'gone' }, { message: 'no error', code: 1 }, {}];
  expect(objects.map(messageOf)).toEqual(['{"code":14,"details":"gone"}', 'no error', '{}']);
  expect(['text', null, Symbol('s'), numbered, ...odd].map(messageOf)).toEqual([
    'text',
    'null',
    'Symbol(s)',
    '7',
    'something without a message was thrown',
    'something without a message was thrown',
  ]);
});
