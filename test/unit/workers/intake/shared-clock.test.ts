import { expect, it } from 'vitest';
import { createSharedClock } from '#forebay/workers/intake/shared-clock.js';

it('charges parallel activities their share, and the shares add up to the elapsed time', () => {
  let time = 0;
  const clock = createSharedClock(() => time);
  const endA = clock.start();
  time = 10;
  const endB = clock.start();
  time = 30;
  const a = endA();
  time = 35;
  const b = endB();
  expect([a, b]).toEqual([20, 15]);
  time = 100;
  const endC = clock.start();
  time = 101;
  expect(endC()).toBe(1);
});
