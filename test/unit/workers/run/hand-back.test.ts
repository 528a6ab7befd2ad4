// A worker hands back a block that it cannot run.
import { expect, it } from 'vitest';
import { createBlockRunner, type RunBlockDeps } from '#forebay/workers/run-block.js';
import { createRunsInHand } from '#forebay/workers/run/runs-in-hand.js';
import { recordEvents } from '../../../support/recorded-events.ts';

it('a block that cannot be handed back is left until its lock expires, and the others are handed back', async () => {
  const events = recordEvents();
  const given: number[] = [];
  const deps = {
    window: {
      beginRun: async () => new Promise(() => undefined),
      leaveRun: async () => true,
      announceLeft: async () => undefined,
    },
    emit: events.emit,
  } as unknown as RunBlockDeps;
  const runs = createRunsInHand({ runBlock: createBlockRunner(deps), onEnded: () => undefined });
  const taken = (block: number, fail: () => Promise<void>) => ({
    queue: 'q',
    token: `token-${block}`,
    queuedAt: 0,
    data: { v: 1 as const, job: 'job_x', block, generation: 1, first_row: 0, rows: 4 },
    complete: async () => undefined,
    leaveToNewer: async () => undefined,
    fail,
  });
  void runs.begin(taken(0, async () => Promise.reject(new Error('the connection broke'))));
  void runs.begin(taken(1, async () => void given.push(1)));
  await runs.handBackOf('q');
  expect(given).toEqual([1]);
  expect(events.of('block.left_to_lock')).toEqual([
    { job: 'job_x', block: 0, error: 'the connection broke' },
  ]);
});

it('a block whose model left the lanes while it was taken is handed back, which is not an attempt', async () => {
  const calls: unknown[] = [];
  const deps = {
    window: {
      beginRun: async () => ({ spec: {} }),
      leaveRun: async (...left: unknown[]) => void calls.push(['leave', ...left]),
      announceLeft: async (job: string) => void calls.push(['announce', job]),
    },
    groupOf: () => null,
    emit: recordEvents().emit,
  } as unknown as RunBlockDeps;
  const run = createBlockRunner(deps)({
    queue: 'q',
    token: 'token',
    queuedAt: 0,
    data: { v: 1, job: 'job_x', block: 3, generation: 1, first_row: 0, rows: 4 },
    complete: async () => undefined,
    leaveToNewer: async () => undefined,
    fail: async (error) => void calls.push(['fail', error.message]),
  });
  await run.ended;
  expect(calls).toEqual([
    ['leave', 'job_x', 3, 'token', 'handedBack'],
    ['fail', 'handed back: the model has left the lanes'],
    ['announce', 'job_x'],
  ]);
});
