// How many blocks a job may have queued or running.
import { expect, it } from 'vitest';
import {
  queueLimit,
  refillMark,
  vetoOnAdding,
  windowLimit,
  windowRoom,
} from '#forebay/api/feeder/policies.js';
import { SERVED } from '../../../support/served-model.ts';

const STATE = {
  model: { name: 'm', hash: 'b'.repeat(64), pool: 'default' },
  service: SERVED,
  concurrency: null,
  inWindow: 0,
  onQueue: 0,
  blocksPerS: 0,
};

it('keeps sixteen blocks in the window, or four per lane if that is more', () => {
  expect(windowLimit(STATE)).toBe(16);
  expect(windowLimit({ ...STATE, service: { ...SERVED, lanes: 64 } })).toBe(256);
});

it('widens the window of tiny blocks to a tenth of a second of work, up to a bound', () => {
  expect(windowLimit({ ...STATE, blocksPerS: 100 })).toBe(16);
  expect(windowLimit({ ...STATE, blocksPerS: 1_000 })).toBe(100);
  expect(windowLimit({ ...STATE, blocksPerS: 1_000_000 })).toBe(256);
});

it('never exceeds the concurrency of a job', () => {
  const state = { ...STATE, concurrency: 3, blocksPerS: 1_000, inWindow: 2 };
  expect(windowLimit(state)).toBe(3);
  expect(windowRoom(state)).toBe(1);
});

it('refills a window when a quarter of it is free, and a small window when one block is free', () => {
  expect(refillMark(STATE)).toBe(12);
  expect(refillMark({ ...STATE, service: { ...SERVED, lanes: 64 } })).toBe(192);
  expect(refillMark({ ...STATE, concurrency: 2 })).toBe(1);
  expect(refillMark({ ...STATE, concurrency: 1 })).toBe(0);
});

it('lets a queue hold at least twice the window of the job that asks, unless the operator has set a limit', () => {
  expect(queueLimit(2, undefined)).toBe(64);
  expect(queueLimit(2, undefined, 100)).toBe(200);
  expect(queueLimit(2, 8, 100)).toBe(8);
});

it('explains why no block is added, and shows both hashes if workers serve other files of the model', () => {
  const veto = (service: object, onQueue = 0) =>
    vetoOnAdding({ ...STATE, onQueue, service: { ...SERVED, ...service } });
  expect(veto({})).toBeNull();
  expect(veto({ lanes: 0 })).toMatchObject({ reason: 'no_worker' });
  const other = veto({ lanes: 0, otherHashes: ['a'.repeat(64)] });
  expect(other).toMatchObject({ reason: 'no_worker' });
  expect(other!.text).toContain('with hash aaaaaaaaaaaa, and the job needs bbbbbbbbbbbb');
  expect(veto({ lanes: 0, problem: 'no such operator' })).toEqual({
    reason: 'model_failed',
    text: 'no such operator',
  });
});

it("names no hashes of other jobs' pipelines, and says how a job with one continues", () => {
  const model = { ...STATE.model, name: 'inline' };
  const service = { ...SERVED, lanes: 0, otherHashes: ['a'.repeat(64)], isReplaced: true };
  const { text } = vetoOnAdding({ ...STATE, model, service })!;
  expect(text).toContain('put the old ones back, and the job continues');
  expect(text).not.toContain('aaaa');
});

it('adds one block for a model that workers have unloaded, and then says why that block waits', () => {
  const veto = (service: object, onQueue: number) =>
    vetoOnAdding({ ...STATE, onQueue, service: { ...SERVED, lanes: 0, isUnloaded: true, ...service } });
  expect(veto({}, 0)).toBeNull();
  expect(veto({}, 1)).toEqual({
    reason: 'no_worker',
    text: 'A worker is loading model "m" (bbbbbbbbbbbb).',
  });
  expect(veto({ waitsBecause: 'no memory' }, 1)).toEqual({ reason: 'no_worker', text: 'no memory' });
  expect(veto({ lanes: 1 }, 1)).toBeNull();
});

it('keeps one block on the queue when all workers are short of memory', () => {
  const state = { ...STATE, service: { ...SERVED, memoryFull: true } };
  expect(vetoOnAdding({ ...state, onQueue: 0 })).toBeNull();
  expect(vetoOnAdding({ ...state, onQueue: 1 })).toMatchObject({ reason: 'memory_watermark' });
});

it('says what to change if the files of the model were replaced, and whether a worker is loading it or draining', () => {
  const textOf = (service: object) =>
    vetoOnAdding({ ...STATE, service: { ...SERVED, lanes: 0, ...service } })!.text;
  const otherHashes = ['a'.repeat(64)];
  expect(textOf({ otherHashes, isReplaced: true })).toContain(
    'were replaced after this job was submitted. Workers now serve aaaaaaaaaaaa',
  );
  expect(textOf({ otherHashes, isReplaced: true })).toContain('Submit the job again');
  expect(textOf({ otherHashes })).toContain('put the files into the folders that the workers read');
  for (const isReplaced of [true, false])
    expect(textOf({ otherHashes, isReplaced })).toContain('A pipeline changes with each of its models.');
  expect(textOf({ isDraining: true })).toBe(
    'All workers of pool "default" that serve model "m" are draining. Resume one, or start another one.',
  );
  expect(textOf({ otherHashes, isLoading: true })).toBe('A worker is loading model "m" (bbbbbbbbbbbb).');
});
