import { expect, it } from 'vitest';
import { memoryLevel, stopsIntake, type MemoryLevel } from '#forebay/shared/domain/memory-level.js';

const along = (shares: readonly number[]) => {
  let level: MemoryLevel = 'normal';
  return shares.map((share) => (level = memoryLevel(share, level)));
};

it('slows, stops and kills at its watermarks, and skips levels when memory jumps', () => {
  expect(along([0.5, 0.79, 0.8, 0.89, 0.9, 0.96, 0.97, 2])).toEqual([
    'normal',
    'normal',
    'slow',
    'slow',
    'stop',
    'stop',
    'kill',
    'kill',
  ]);
  expect(along([0.5, 0.99])).toEqual(['normal', 'kill']);
});

it('leaves a level only well below its watermark', () => {
  expect(along([0.81, 0.79, 0.77, 0.75])).toEqual(['slow', 'slow', 'slow', 'normal']);
  expect(along([0.98, 0.94, 0.92, 0.87, 0.85, 0.1])).toEqual([
    'kill',
    'kill',
    'stop',
    'stop',
    'slow',
    'normal',
  ]);
});

it('stops intake from the second watermark on, but not for workers that do not send their level', () => {
  expect((['normal', 'slow', 'stop', 'kill', undefined] as const).map(stopsIntake)).toEqual([
    false,
    false,
    true,
    true,
    false,
  ]);
});
