// The states of a lane in the pool, and which steps lead from one to another.
import { expect, it } from 'vitest';
import type { Lane } from '#forebay/workers/lane-pool/lane-handle.js';
import { createLaneState } from '#forebay/workers/lane-pool/lane-state.js';

/** The state machine only stores the lane and calls none of its functions. */
const lane: Lane = {
  index: 0,
  pid: 1,
  load: async () => Promise.reject(new Error('not called')),
  unload: () => undefined,
  run: async () => Promise.reject(new Error('not called')),
  exited: new Promise(() => undefined),
  close: async () => undefined,
  kill: () => undefined,
};

function started() {
  const state = createLaneState();
  state.start(lane);
  return state;
}

it('takes batches while it is open, and no other batch while one must run alone', () => {
  const state = started();
  expect(state.beginBatch(false)).toBe(lane);
  state.beginBatch(false);
  expect(state).toMatchObject({ is: 'open', batches: 2 });
  state.endBatch(lane);
  state.endBatch(lane);
  state.beginBatch(true);
  expect(state.is).toBe('exclusive');
  expect(() => state.beginBatch(false)).toThrow('cannot take a batch while it is exclusive');
  state.endBatch(lane);
  expect(state).toMatchObject({ is: 'open', batches: 0 });
});

it('loads a model when the last batch has ended, and takes no batch meanwhile', async () => {
  const state = started();
  state.beginBatch(true);
  const empty = state.beginLoad();
  expect(state.is).toBe('emptying');
  expect(() => state.beginBatch(false)).toThrow('while it is emptying');
  state.endBatch(lane);
  expect(state.is).toBe('loading');
  expect(await empty).toBe(lane);
  state.endLoad();
  expect(state.is).toBe('open');
});

it.each([
  ['its process ends', (state: ReturnType<typeof started>) => state.end(), 'down'],
  ['it is closed', (state: ReturnType<typeof started>) => state.close(), 'closed'],
])('gives up a load if %s first', async (_what, leave, is) => {
  const state = started();
  state.beginBatch(false);
  const empty = state.beginLoad();
  leave(state);
  expect(await empty).toBeNull();
  state.endBatch(lane);
  state.endLoad();
  expect(state.is).toBe(is);
});

it('a batch of a process that has ended changes nothing', () => {
  const state = started();
  state.beginBatch(false);
  state.end();
  const next = { ...lane };
  state.start(next);
  expect(state.batches).toBe(0);
  state.beginBatch(true);
  expect(state.endBatch(lane)).toBe(false);
  expect(state).toMatchObject({ is: 'exclusive', batches: 1 });
  expect(state.endBatch(next)).toBe(true);
  expect(state).toMatchObject({ is: 'open', batches: 0 });
});

it('starts again after a drain, and never after it is closed', () => {
  const state = started();
  state.drain();
  expect(() => state.beginBatch(false)).toThrow('while it is draining');
  state.end();
  expect(state).toMatchObject({ is: 'down', lane: null });
  state.start(lane);
  state.close();
  expect(state).toMatchObject({ is: 'closed', lane });
  state.end();
  expect(state).toMatchObject({ is: 'closed', lane: null });
  expect(() => state.start(lane)).toThrow('cannot start while it is closed');
});
