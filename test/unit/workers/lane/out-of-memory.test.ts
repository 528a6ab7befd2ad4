import { expect, it } from 'vitest';
import { createSharedMemory, isOutOfMemory } from '#forebay/workers/lane/out-of-memory.js';

it('recognises errors that mean memory ran out', () => {
  const yes = [
    'std::bad_alloc',
    'Failed to allocate memory for requested buffer of size 4294967296',
    'Array buffer allocation failed',
    'Cannot allocate memory',
    'glib: Error creating thread: Resource temporarily unavailable',
  ];
  expect(yes.map((text) => isOutOfMemory(new RangeError(text)))).toEqual(yes.map(() => true));
  expect(isOutOfMemory(new Error('Non-zero status code returned while running Gather node'))).toBe(false);
});

it('retries work that ran out of memory, one piece after the other, while nothing else runs', async () => {
  const memory = createSharedMemory();
  let room = 3;
  let most = 0;
  let under = 0;
  const needs = (units: number) => async () => {
    if (units > room) throw new Error('out of memory');
    room -= units;
    most = Math.max(most, ++under);
    await new Promise(setImmediate);
    under -= 1;
    room += units;
    return units;
  };
  const wanted = [2, 1, 3, 2, 1, 3];
  expect(await Promise.all(wanted.map(async (units) => memory.use(needs(units))))).toEqual(wanted);
  expect(most).toBe(2);
});

it('gives up on work that runs out of memory alone, fails immediately on other errors, and then goes on', async () => {
  const memory = createSharedMemory();
  let tried = 0;
  const failing = (message: string) => async () => {
    tried += 1;
    throw new Error(message);
  };
  await expect(memory.use(failing('out of memory: 5 GB'))).rejects.toThrow('5 GB');
  expect(tried).toBe(5);
  await expect(memory.use(failing('damaged'))).rejects.toThrow('damaged');
  expect(tried).toBe(6);
  expect(await memory.use(async () => 'fits')).toBe('fits');
});
