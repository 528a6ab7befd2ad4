import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { packOutcomes, unpackOutcomes } from '#forebay/shared/domain/outcomes.js';
import { machineNow } from '#forebay/shared/process/machine-clock.js';
import { createLaneThread } from '#forebay/workers/lane/lane.js';
import { createActivityClock, type ActivityClock } from '#forebay/workers/lane/activity-clock.js';
import type { BatchReply, FromLane, ToLane } from '#forebay/workers/lane/messages.js';
import type { InferenceTimings } from '#forebay/workers/lane/models/inference.js';
import type { Executor } from '#forebay/workers/lane/executor.js';
import { waitUntil } from '../../../support/wait-until.ts';
import { checkedConfig } from '../../../support/onnx/models.ts';

const config = checkedConfig({ name: 'm', task: 'image-classification', preprocess: { crop: 1 } });
const info = {
  inputs: [],
  outputs: [],
  providers: ['cpu'],
  fixedBatch: null,
  splitsBatches: true,
  notes: [],
  loadMs: 0,
  batchInvariance: null,
  memory: null,
};

/** A lane whose model records its calls. A row is identified by its first byte. `decodeMs`: on the lane's own thread. */
async function recordingLane(
  clock: ActivityClock = createActivityClock(),
  run: () => Partial<InferenceTimings> = () => ({}),
  decodeMs: number | null = null,
  onCall: (first: number) => void = () => {},
) {
  const log: string[] = [];
  const sent: FromLane[] = [];
  const model: Executor = {
    info,
    open: () => {
      const names: number[] = [];
      return {
        prepare: (at, row) => {
          names[at] = 'bytes' in row ? row.bytes[0]! : 0;
          log.push(`decode ${names[at]}`);
          const error = names[at] === 0 ? ({ code: 'empty_file', message: 'nothing' } as const) : null;
          if (decodeMs === null) return Promise.resolve(error);
          for (const until = performance.now() + decodeMs; performance.now() < until;);
          return error;
        },
        run: async (rows, { callRows = Infinity, between } = {}) => {
          const good = rows.map((at) => names[at]!);
          for (let from = 0; from === 0 || from < good.length; from += callRows) {
            if (from > 0) await between!();
            log.push(`run ${good.slice(from, from + callRows).join(' ')}`);
            onCall(good[from]!);
          }
          const outcomes = good.map((name) => ({ ok: true as const, result: `"was":${name}` }));
          return {
            outcomes: packOutcomes(outcomes),
            timings: { prepareMs: 0, inferMs: 0, postMs: 0, ...run() },
          };
        },
      };
    },
    changedFile: () => null,
    release: async () => void log.push('release'),
  };
  const lane = createLaneThread({
    clock,
    loadModel: async () => model,
    takeReadCounts: () => ({ bytes: 0, ms: 0 }),
    send: (message) => void sent.push(message),
    onClosed: () => log.push('closed'),
  });
  lane.handle({ type: 'load', model: 'm', dir: '', config, named: [], threads: 1 });
  await waitUntil('the model', () => sent.length === 1);
  const give = (number: number, bytes: readonly number[], more: Partial<ToLane & { type: 'batch' }> = {}) =>
    lane.handle({
      type: 'batch',
      batch: number,
      model: 'm',
      rows: bytes.map((b) => ({ bytes: Uint8Array.of(b) })),
      options: { top_k: 1 },
      ...more,
    });
  const batch = (number: number, ...bytes: number[]) => give(number, bytes);
  const online = (number: number) =>
    give(number, [number], { deadlines: Float64Array.of(machineNow() + 60_000) });
  /** Closes the lane. Returns the names of the rows in the order of their runs. */
  const ran = async () => {
    lane.handle({ type: 'close' });
    await waitUntil('the end', () => log.includes('closed'));
    return log.flatMap((entry) => (entry.startsWith('run ') ? Number(entry.slice(4)) : []));
  };
  return { lane, log, sent, give, batch, online, ran };
}

it('decodes exactly one batch ahead of the one that runs', async () => {
  const { lane, log, batch } = await recordingLane();
  batch(1, 1);
  batch(2, 2);
  batch(3, 3);
  lane.handle({ type: 'close' });
  await waitUntil('the end', () => log.includes('closed'));
  expect(log).toEqual(['decode 1', 'decode 2', 'run 1', 'decode 3', 'run 2', 'run 3', 'release', 'closed']);
});

it('begins to decode a batch that arrives at the last moment before a run', async () => {
  const { log, batch } = await recordingLane();
  batch(1, 1);
  setImmediate(() => batch(2, 2));
  await waitUntil('both', () => log.includes('run 2'));
  expect(log).toEqual(['decode 1', 'decode 2', 'run 1', 'run 2']);
});

it('runs only rows that decoded, and puts outcomes back in order', async () => {
  const { log, sent, batch } = await recordingLane();
  batch(1, 0, 7, 0, 8);
  batch(2, 0);
  await waitUntil('both', () => sent.length === 3);
  expect(log.filter((l) => l.startsWith('run'))).toEqual(['run 7 8', 'run ']);
  const outcomesOf = (message: FromLane | undefined) =>
    message?.type === 'done' ? unpackOutcomes(message.outcomes) : [];
  expect(outcomesOf(sent[1])).toMatchObject([
    { ok: false },
    { result: '"was":7' },
    { ok: false },
    { result: '"was":8' },
  ]);
  expect(outcomesOf(sent[2])).toMatchObject([{ ok: false, error: { code: 'empty_file' } }]);
});

it('does not charge the model for the time of images that are decoded before the model gets the thread', async () => {
  let time = 0;
  const clock = createActivityClock(() => time);
  const { sent, batch } = await recordingLane(clock, () => {
    clock.during('decode', () => (time += 25));
    time += 5;
    return { inferMs: 30 };
  });
  batch(1, 1);
  await waitUntil('the batch', () => sent.length === 2);
  expect(sent[1]).toMatchObject({ timings: { decodeMs: 25, inferMs: 5, restMs: 0 } });
});

it('runs an online batch before the batches that wait, and none of its rows that are too late', async () => {
  const { lane, log, sent, give, batch } = await recordingLane();
  for (const number of [1, 2, 3]) batch(number, number);
  give(9, [7, 8], { deadlines: Float64Array.of(machineNow() - 1, machineNow() + 60_000) });
  lane.handle({ type: 'close' });
  await waitUntil('the end', () => log.includes('closed'));
  expect(log.filter((entry) => entry.startsWith('run'))).toEqual(['run 8', 'run 1', 'run 2', 'run 3']);
  const reply = sent.find((message) => message.type === 'done' && message.batch === 9);
  expect(unpackOutcomes((reply as BatchReply).outcomes)).toMatchObject([
    { ok: false, error: { code: 'deadline_passed' } },
    { ok: true },
  ]);
});

it('runs a batch of a block after four online batches, however many more there are', async () => {
  const { batch, online, ran } = await recordingLane();
  for (const number of [1, 2, 3]) batch(number, number);
  for (let number = 11; number <= 20; number++) online(number);
  expect(await ran()).toEqual([11, 12, 13, 14, 1, 15, 16, 17, 18, 2, 19, 20, 3]);
});

it('runs a batch of a better priority before those that wait, and online batches before it', async () => {
  const { give, online, ran } = await recordingLane();
  for (const number of [1, 2, 3]) give(number, [number], { priority: 50 });
  give(4, [4], { priority: 10 });
  online(5);
  give(6, [6], { priority: 20 });
  give(7, [7], { priority: 50 });
  expect(await ran()).toEqual([5, 4, 6, 1, 2, 3, 7]);
});

it('decodes an online batch that comes during a run before the next batch of a block', async () => {
  let come: (() => void) | null = null;
  const { log, batch, online } = await recordingLane(undefined, () => {
    if (come !== null) setImmediate(come);
    come = null;
    return {};
  });
  come = () => online(9);
  for (const number of [1, 2, 3]) batch(number, number);
  await waitUntil('all', () => log.includes('run 3'));
  const expected = ['decode 1', 'decode 2', 'run 1', 'decode 9', 'run 9', 'decode 3', 'run 2', 'run 3'];
  expect(log).toEqual(expected);
});

it('runs an online batch that comes while a batch of a block is decoded, and then decodes on', async () => {
  const { log, batch, online } = await recordingLane(undefined, undefined, 5);
  batch(1, 1, 2, 3, 4, 5, 6);
  setImmediate(() => online(9));
  await waitUntil('both', () => log.includes('run 1 2 3 4 5 6'));
  expect(log.indexOf('run 9')).toBeGreaterThan(log.indexOf('decode 1'));
  expect(log.indexOf('run 9')).toBeLessThan(log.indexOf('decode 6'));
});

it('runs online batches between two calls of a batch, and gives each batch its own times', async () => {
  let time = 0;
  const clock = createActivityClock(() => time);
  const timings = () => {
    time += 10;
    return { inferMs: 10 };
  };
  const comeDuring = (first: number) => {
    if (first === 1) setImmediate(() => [8, 9].forEach(online));
  };
  const { lane, log, sent, give, batch, online } = await recordingLane(clock, timings, null, comeDuring);
  give(1, [1, 2, 3, 4, 5], { callRows: 2 });
  batch(2, 6);
  await waitUntil('the online batches', () => log.includes('run 9'));
  lane.handle({ type: 'close' });
  await waitUntil('the end', () => log.includes('closed'));
  const runs = log.filter((entry) => entry.startsWith('run'));
  expect(runs).toEqual(['run 1 2', 'run 8', 'run 9', 'run 3 4', 'run 5', 'run 6']);
  const done = sent.flatMap((message) => (message.type === 'done' ? [message] : []));
  expect(done.map((message) => message.batch)).toEqual([8, 9, 1, 2]);
  expect(unpackOutcomes(done[2]!.outcomes).map((outcome) => outcome.ok && outcome.result)).toEqual(
    [1, 2, 3, 4, 5].map((name) => `"was":${name}`),
  );
  for (const { timings } of done) expect(timings).toMatchObject({ inferMs: 10, restMs: 0, decodeMs: 0 });
});

it('lets a job go on between online batches that come during its calls', async () => {
  const { give, online, ran } = await recordingLane();
  give(1, [1, 2], { callRows: 1 });
  await nextTurn();
  for (let number = 11; number <= 20; number++) online(number);
  expect(await ran()).toEqual([11, 12, 13, 14, 1, 15, 16, 17, 18, 2, 19, 20]);
});

it('waits a moment for an online batch that is announced, but not for one that does not come', async () => {
  const { lane, log, batch, online } = await recordingLane();
  batch(1, 1);
  lane.handle({ type: 'coming' });
  for (let turns = 0; turns < 5; turns++) await nextTurn();
  online(2);
  await waitUntil('both', () => log.includes('run 1'));
  expect(log.filter((line) => line.startsWith('run'))).toEqual(['run 2', 'run 1']);
  batch(3, 3);
  lane.handle({ type: 'coming' });
  await waitUntil('the batch of the block', () => log.includes('run 3'));
});

it('begins with a batch only when the rows of the one before are decoded', async () => {
  const { log, batch } = await recordingLane(undefined, undefined, 5);
  batch(1, 1, 2, 3);
  batch(2, 4, 5);
  await waitUntil('both', () => log.includes('run 4 5'));
  const decoded = log.filter((entry) => entry.startsWith('decode'));
  expect(decoded).toEqual(['decode 1', 'decode 2', 'decode 3', 'decode 4', 'decode 5']);
});

it.each([
  { when: 'while the next batch is decoded', turns: 2 },
  { when: 'when a batch is about to run', turns: 3 },
])('decodes nothing else before an online batch that comes $when', async ({ turns }) => {
  const { log, batch, online } = await recordingLane(undefined, undefined, 5);
  batch(1, 1);
  batch(2, 2, 3, 4);
  for (let turn = 0; turn < turns; turn++) await nextTurn();
  const before = log.length;
  online(9);
  await waitUntil('all', () => log.includes('run 2 3 4'));
  const next = log.slice(before).filter((entry) => entry !== 'run 1');
  expect(next.slice(0, 2)).toEqual(['decode 9', 'run 9']);
});
