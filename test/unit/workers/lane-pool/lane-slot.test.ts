// A lane slot counts only batches of its current process, even if a batch of an earlier process ends late.
import { expect, it } from 'vitest';
import {
  LaneDied,
  type BatchResult,
  type Lane,
  type LaneExit,
  type RunBatch,
} from '#forebay/workers/lane-pool/lane-handle.js';
import { createLaneSlot } from '#forebay/workers/lane-pool/lane-slot.js';
import type { PooledModel } from '#forebay/workers/lane-pool/pooled-model.js';
import { waitUntil } from '../../../support/wait-until.ts';

/** A promise with its resolving functions. */
function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** A lane without a process. The test ends its batch and the lane. */
function fakeLane(index: number) {
  const batch = deferred<BatchResult>();
  const exit = deferred<LaneExit>();
  const lane: Lane = {
    index,
    pid: null,
    load: async () => ({}) as Awaited<ReturnType<Lane['load']>>,
    unload: () => undefined,
    run: async () => batch.promise,
    exited: exit.promise,
    close: async () => undefined,
    kill: () => undefined,
  };
  return { lane, batch, exit };
}

it('a late batch of a dead process is not counted, and does not end an exclusive batch of its successor', async () => {
  const lanes: ReturnType<typeof fakeLane>[] = [];
  const slot = createLaneSlot({
    index: 0,
    startLane(index) {
      const fake = fakeLane(index);
      lanes.push(fake);
      return fake.lane;
    },
    emit: () => undefined,
    onFree: () => undefined,
    onGivenUp: () => undefined,
  });
  let files = Promise.resolve(true);
  const model = {
    load: { model: 'm', mapped: ['weights'], config: { name: 'm' } },
    lanes: 1,
    timeoutMs: 1_000_000,
    unchanged: async () => files,
  } as unknown as PooledModel;
  await slot.load(model, false);
  slot.keep(model);

  const batch = { model: 'm', rows: [] } as unknown as RunBatch;
  const first = slot.run(batch, model.timeoutMs, false);
  // The check of the model's files ends long after the lane has restarted.
  const looked = deferred<boolean>();
  files = looked.promise;
  lanes[0]!.batch.reject(new LaneDied('the lane crashed', true));
  await new Promise(setImmediate);
  files = Promise.resolve(true);
  lanes[0]!.exit.resolve({ code: 1, signal: null });
  await waitUntil('the next process to hold the model', () => lanes.length === 2 && slot.takes('m'));
  expect(slot.batches).toBe(0);

  const second = slot.run(batch, model.timeoutMs, true);
  looked.resolve(true);
  await expect(first).rejects.toThrow('the lane crashed');
  expect({ batches: slot.batches, done: slot.done, takes: slot.takes('m') }).toEqual({
    batches: 1,
    done: 0,
    takes: false,
  });

  lanes[1]!.batch.resolve({ outcomes: [], timings: {} } as unknown as BatchResult);
  await second;
  expect({ batches: slot.batches, done: slot.done, takes: slot.takes('m') }).toEqual({
    batches: 0,
    done: 1,
    takes: true,
  });
  slot.killForGood();
});
