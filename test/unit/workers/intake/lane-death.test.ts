// What happens to the rows of a batch whose lane died (G3, INV-6).
import { describe, expect, it } from 'vitest';
import { blamedError, nextTry } from '#forebay/workers/intake/lane-death.js';
import { LaneDied } from '#forebay/workers/lane-pool/lane-handle.js';

const LANES = 2;
const untouched = new LaneDied('gone', false);
const crashed = new LaneDied('gone', true);
const starved = new LaneDied('gone', true, 'out_of_memory');

describe('a row whose lane died', () => {
  it.each([
    ['goes into another batch if the lane had not started its batch', 'prefetch', untouched, 'batch'],
    ['goes alone if the lane was working on its batch', 'empty', crashed, 'alone'],
    ['still goes alone if the lane had not started it', 'alone', untouched, 'alone'],
    ['is to blame if it was alone', 'alone', crashed, null],
    ['gets the whole worker if it was alone and the memory ran out', 'alone', starved, 'only'],
    ['is to blame if the memory ran out although it had the whole worker', 'only', starved, null],
    ['is to blame if the error is not the death of a lane', 'prefetch', new Error('broken'), null],
  ] as const)('%s', (_, how, error, next) => {
    expect(nextTry(how, error, LANES)).toBe(next);
  });

  it('is to blame if it was alone in a worker with one lane and the memory ran out', () => {
    expect(nextTry('alone', starved, 1)).toBeNull();
  });

  it('gets the error code for the cause of the death', () => {
    expect(blamedError(starved)).toMatchObject({ code: 'out_of_memory' });
    expect(blamedError(new LaneDied('gone', true, 'timed_out'))).toMatchObject({ code: 'timed_out' });
    expect(blamedError(new Error('broken'))).toEqual({
      code: 'lane_crashed',
      message: 'The lane died while working on this row alone: broken',
    });
  });
});
