// Many waiters share one signal. Each is called once, and the signal gets only one listener.
import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { onAbort } from '#forebay/shared/process/on-abort.js';

it('a signal has one listener for any number of waiters, and calls each once', () => {
  const abort = new AbortController();
  let told = 0;
  for (let i = 0; i < 50; i++) onAbort(abort.signal, () => (told += 1));
  expect(getEventListeners(abort.signal, 'abort')).toHaveLength(1);
  abort.abort();
  expect(told).toBe(50);
});

it('a cancelled waiter is not called', () => {
  const abort = new AbortController();
  const told: string[] = [];
  const undo = onAbort(abort.signal, () => told.push('first'));
  onAbort(abort.signal, () => told.push('second'));
  undo();
  abort.abort();
  expect(told).toEqual(['second']);
});

it('an aborted signal calls a new waiter immediately', () => {
  let told = 0;
  onAbort(AbortSignal.abort(), () => (told += 1))();
  expect(told).toBe(1);
});
