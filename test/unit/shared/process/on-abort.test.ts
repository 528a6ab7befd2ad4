// Many waiters share one signal. Each is called once, and the signal gets only one listener.
import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { onAbort } from '#forebay/shared/process/on-abort.js';

it('a signal has one listener for any number of waiters, and calls each once', () => {
  const abort = new AbortController();
  let called = 0;
  for (let i = 0; i < 50; i++) onAbort(abort.signal, () => (called += 1));
  expect(getEventListeners(abort.signal, 'abort')).toHaveLength(1);
  abort.abort();
  expect(called).toBe(50);
});

it('a cancelled waiter is not called', () => {
  const abort = new AbortController();
  const called: string[] = [];
  const undo = onAbort(abort.signal, () => called.push('first'));
  onAbort(abort.signal, () => called.push('second'));
  undo();
  abort.abort();
  expect(called).toEqual(['second']);
});

it('an aborted signal calls a new waiter immediately', () => {
  let called = 0;
  onAbort(AbortSignal.abort(), () => (called += 1))();
  expect(called).toBe(1);
});
