import { expect, it } from 'vitest';
import { createCommitSpeed } from '#forebay/api/feeder/commit-speed.js';

it('measures over intervals of 200 ms, and does not count blocks of an earlier feeder', () => {
  let time = 0;
  const speed = createCommitSpeed(() => time);
  const at = (ms: number, done: number) => {
    time = ms;
    return speed(done);
  };
  expect(at(0, 5000)).toBe(0);
  expect(at(100, 5010)).toBe(0);
  expect(at(250, 5001)).toBe(4);
  expect(at(300, 5900)).toBe(4);
  expect(at(500, 5051)).toBe(200);
});
