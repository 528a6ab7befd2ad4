// How rows become batches, and what happens to rows when a lane dies, with real child processes (G3, INV-6).
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unpackOutcomes } from '#forebay/shared/domain/outcomes.js';
import { machineNow } from '#forebay/shared/process/machine-clock.js';
import { batchGroup, onlineGroup, type BatchGroup } from '#forebay/workers/intake/batch-group.js';
import { createBatcher, type Batcher } from '#forebay/workers/intake/batcher.js';
import type { RowReceiver } from '#forebay/workers/intake/row-answer.js';
import { startChildLane } from '#forebay/workers/lane-pool/child-lane.js';
import { createLanePool, type LanePool } from '#forebay/workers/lane-pool/lane-pool.js';
import { NO_ROWS } from '#forebay/workers/lane-pool/no-rows.js';
import { testFolder } from '../../support/lanes.ts';
import { answerTo as answerOf, type RowAnswer } from '../../support/row-answer.ts';
import { waitUntil } from '../../support/wait-until.ts';

const entry = fileURLToPath(new URL('../../support/crashing-lane.js', import.meta.url));
const GROUP = {
  model: 'm',
  options: { top_k: 1 },
  batchSize: 4,
  maxWaitMs: 60_000,
  priority: 50,
  tenant: 'a',
  input: 'image' as const,
};
const group = batchGroup(GROUP);
const POISON = 0x66;
const ENDLESS = 0x77;

let pool: LanePool;
let deaths: number;
beforeEach(async () => {
  deaths = 0;
  pool = createLanePool({
    size: 2,
    emit: (name) => void (name === 'lane.died' && (deaths += 1)),
    startLane: (index) => startChildLane({ index, uvThreads: 1, limits: NO_ROWS, entry }),
  });
  expect(await load('m', '', 60_000)).toMatchObject({ ok: true });
});
afterEach(async () => pool.close());

async function load(model: string, dir: string, timeoutMs: number) {
  const request = {
    model,
    dir,
    config: { name: model } as never,
    named: [],
    threads: 1,
  };
  return pool.load({ load: request, lanes: 2, timeoutMs, unchanged: async () => true });
}

function open(moreMayArrive = () => false, readingWaits = () => false) {
  const batcher = createBatcher({ pool, moreMayArrive, readingWaits, onSent: () => {}, emit: () => {} });
  const send = (bytes: number[], to = group): Promise<RowAnswer>[] => {
    batcher.expect(to, bytes.length);
    return bytes.map(async (byte) => answerTo(batcher, to, byte));
  };
  return { batcher, send };
}
const answerTo = async (batcher: Batcher, to: BatchGroup, byte: number) =>
  answerOf(batcher, to, { bytes: Uint8Array.of(byte) });
const codeOf = ({ outcome }: RowAnswer) => (outcome.ok ? 'ok' : outcome.error.code);

describe('batches', () => {
  it('answer every row with its own result, in full batches and a smaller one', async () => {
    const { send } = open();
    const bytes = Array.from({ length: 10 }, (_, i) => i);
    const answers = await Promise.all(send(bytes));
    expect(answers.map((a) => a.outcome)).toEqual(
      bytes.map((byte) => ({ ok: true, result: `"predictions":[{"index":${byte},"score":1}]` })),
    );
    const sizes = [...new Set(answers.map((a) => a.batch))].map((batch) => batch!.rows).sort((a, b) => a - b);
    expect(sizes).toEqual([2, 4, 4]);
  });

  it('of several model calls go to a lane at once when the time of a row is known', async () => {
    const { batcher } = open();
    const large = batchGroup({ ...GROUP, mostRows: 16 });
    const send = async (rows: number, isEnding = false) => {
      batcher.expect(large, rows, isEnding);
      return Promise.all(Array.from({ length: rows }, async (_, i) => answerTo(batcher, large, i)));
    };
    await send(4);
    const answers = await send(40);
    expect(answers.map(codeOf)).toEqual(answers.map(() => 'ok'));
    const batches = [...new Set(answers.map(({ batch }) => batch!))];
    expect(batches.reduce((sum, { calls }) => sum + calls, 0)).toBe(10);
    expect(Math.max(...batches.map(({ rows }) => rows))).toBeGreaterThan(4);
    // So few rows at the end of a job keep both lanes busy only in single calls.
    const last = await send(40, true);
    expect(Math.max(...last.map(({ batch }) => batch!.rows))).toBe(4);
  });

  it('wait for more rows while some may arrive, and are sent immediately when none can', async () => {
    let more = true;
    const { batcher, send } = open(() => more);
    let answered = 0;
    const early = send([1, 2]).map(async (p) => p.then(() => (answered += 1)));
    // Two more rows fill the batch.
    const late = send([3, 4]);
    const all = await Promise.all(late);
    expect(all[0]!.batch!.rows).toBe(4);
    await Promise.all(early);
    const rest = send([5]);
    more = false;
    batcher.pump();
    expect((await rest[0]!).batch!.rows).toBe(1);
    expect(answered).toBe(2);
  });

  it('are sent before they are full if reading waits for the bytes that they hold', async () => {
    const { batcher } = open(
      () => false,
      () => true,
    );
    batcher.expect(group, 4);
    const answer = await answerTo(batcher, group, 7);
    expect(answer.batch!.rows).toBe(1);
    for (let i = 0; i < 3; i++) batcher.callOff(group);
  });

  it('mix only rows with equal options', async () => {
    const { batcher } = open();
    const others = [{}, { options: { top_k: 3 } }, { options: { top_k: 1, decode: 'fast' } }].map((more) =>
      batchGroup({ ...GROUP, ...more }),
    );
    for (const other of others) batcher.expect(other, 2);
    const rows = [...others, ...others].map(async (g, i) => answerTo(batcher, g, i));
    const answers = await Promise.all(rows);
    expect(answers.map((a) => a.batch!.rows)).toEqual([2, 2, 2, 2, 2, 2]);
    expect(new Set(answers.map((a) => a.batch)).size).toBe(3);
  });
});

describe('a row that kills its lane', () => {
  it('is the only row that fails, whatever shares its batch or waits behind it', async () => {
    const { send } = open();
    const bytes = Array.from({ length: 24 }, (_, i) => (i === 9 ? POISON : i));
    const answers = await Promise.all(send(bytes));
    expect(answers.map(codeOf)).toEqual(bytes.map((byte) => (byte === POISON ? 'lane_crashed' : 'ok')));
    // The row killed two lanes: one with its batch, and one alone.
    expect(deaths).toBe(2);
  });

  it('does not affect rows that are sent after it', async () => {
    const { send } = open();
    expect((await Promise.all(send([POISON]))).map(codeOf)).toEqual(['lane_crashed']);
    expect((await Promise.all(send([1, 2, 3, 4, 5]))).map(codeOf)).toEqual(Array(5).fill('ok'));
  });
});

describe('a row whose model call never ends', () => {
  it('is the only row that fails, costs two lanes, and puts no blame on the rows that wait behind it', async () => {
    const { send } = open();
    const bytes = Array.from({ length: 24 }, (_, i) => (i === 9 ? ENDLESS : i));
    // The other batches must end within this time on a busy machine.
    await load('impatient', '', 1000);
    const answers = await Promise.all(send(bytes, { ...group, model: 'impatient' }));
    expect(answers.map(codeOf)).toEqual(bytes.map((byte) => (byte === ENDLESS ? 'timed_out' : 'ok')));
    expect(deaths).toBe(2);
  });
});

it('a row whose lanes are killed for lack of memory is blamed only if it had the worker to itself', async () => {
  await load('patient', '', 60_000);
  const { batcher } = open();
  const send = async (byte: number) => {
    const one = { ...group, model: 'patient' };
    batcher.expect(one, 1);
    return codeOf(await answerTo(batcher, one, byte));
  };
  /** Kills the lane that holds the row. */
  const killFor = async (death: number) => {
    const lane = await waitUntil('the row in a lane', () => pool.views().find(({ batches }) => batches > 0));
    pool.kill(lane.index, 'out_of_memory');
    await waitUntil('the end of the lane', () => deaths === death);
  };
  const row = send(ENDLESS);
  await killFor(1);
  // The row is alone in its lane, and the other lane still works.
  expect(await send(1)).toBe('ok');
  await killFor(2);
  await waitUntil('both lanes', () => pool.lanesOf('patient') === 2 && pool.busy);
  const batch = { model: 'patient', options: { top_k: 1 }, rows: [{ bytes: Uint8Array.of(2) }] };
  expect(pool.send(batch, 'prefetch')).toBeNull();
  const next = send(3);
  await killFor(3);
  expect(await row).toBe('out_of_memory');
  expect(await next).toBe('ok');
});

describe('a lane that dies while it loads a model', () => {
  function deadly(times: number): string {
    const folder = testFolder();
    for (let i = 0; i < times; i++) writeFileSync(join(folder, String(i)), '');
    return folder;
  }

  it('is restarted and loads the model again, together with its earlier models', async () => {
    expect(await load('large', deadly(2), 300)).toMatchObject({ ok: true });
    await waitUntil('both lanes', () => pool.lanesOf('large') === 2);
    expect(pool.lanesOf('m')).toBe(2);
  });

  it('fails the load if the model kills it every time, and then loads the next model', async () => {
    const failed = await load('deadly', deadly(20), 300);
    expect(failed).toMatchObject({ ok: false, error: { code: 'model_load_failed' } });
    expect(await load('next', '', 300)).toMatchObject({ ok: true });
    await waitUntil('both lanes', () => pool.lanesOf('next') === 2);
  });
});

it('a job with few rows is not delayed by a job that keeps every lane busy', async () => {
  const { batcher } = open();
  const small = batchGroup({ ...GROUP, options: { top_k: 2 }, maxWaitMs: 1 });
  const order: string[] = [];
  batcher.expect(group, 400);
  const large = Array.from({ length: 400 }, async (_, i) =>
    answerTo(batcher, group, i % 100).then(() => order.push('large')),
  );
  batcher.expect(small, 1);
  const one = answerTo(batcher, small, 1).then(() => order.push('small'));
  await Promise.all([...large, one]);
  expect(order.indexOf('small')).toBeLessThan(100);
});

describe('online rows', () => {
  const online = onlineGroup(group);
  const submit = async (batcher: Batcher, byte: number, rest: Partial<RowReceiver> = {}) =>
    new Promise<RowAnswer>((resolve) => {
      const answered: RowReceiver['answered'] = (_, outcomes, batch) =>
        resolve({ outcome: unpackOutcomes(outcomes)[0]!, batch });
      batcher.submitOnline(online, [{ bytes: Uint8Array.of(byte) }], { answered, ...rest }, 0);
    });

  it('go ahead of the rows of blocks that wait, in a batch of their own', async () => {
    const { batcher, send } = open();
    const order: string[] = [];
    const rows = send(Array.from({ length: 100 }, (_, i) => i)).map(async (row) =>
      row.then(() => order.push('block')),
    );
    const urgent = [submit(batcher, 1), submit(batcher, 2)].map(async (row) =>
      row.then(({ batch }) => order.push(`online ${batch!.rows}`)),
    );
    batcher.pump();
    await Promise.all([...rows, ...urgent]);
    expect(order.filter((one) => one !== 'block')).toEqual(['online 2', 'online 2']);
    // Each of the two lanes already had three batches of four rows, and one lane may be slower than the other.
    expect(order.indexOf('online 2')).toBeLessThan(60);
  });

  it('do not keep a partial batch of a block out of the lanes, however many there are', async () => {
    const { batcher, send } = open();
    let state: 'block waits' | 'block answered' = 'block waits';
    let asked = 0;
    /** Asks again as soon as it has an answer. */
    const client = async () => {
      for (asked += 1; state === 'block waits' && asked < 5_000; asked += 1) {
        const answer = submit(batcher, 1);
        batcher.pump();
        await answer;
      }
    };
    const clients = Array.from({ length: 40 }, client);
    await Promise.all(send([2]));
    state = 'block answered';
    await Promise.all(clients);
    expect(asked).toBeLessThan(5_000);
  });

  it('are not computed when their deadline has passed or their caller has gone', async () => {
    const { batcher } = open();
    const late = submit(batcher, POISON, { deadline: machineNow() - 1 });
    const unwanted = submit(batcher, POISON, { isUnwanted: () => true });
    const timely = submit(batcher, 5, { deadline: machineNow() + 60_000 });
    batcher.pump();
    expect((await Promise.all([late, unwanted, timely])).map(codeOf)).toEqual([
      'deadline_passed',
      'deadline_passed',
      'ok',
    ]);
    expect(deaths).toBe(0);
  });

  it('that share a batch with a row that kills its lane are answered all the same', async () => {
    const { batcher } = open();
    const rows = [1, POISON, 3].map(async (byte) => submit(batcher, byte));
    batcher.pump();
    expect((await Promise.all(rows)).map(codeOf)).toEqual(['ok', 'lane_crashed', 'ok']);
  });

  it('of higher priority leave first, and a config may let them wait for a batch of a preferred size', async () => {
    const { batcher } = open();
    const waiting = onlineGroup(
      batchGroup({ ...GROUP, batchSize: 8, online: { maxWaitMs: 60_000, preferredSizes: [3] } }),
    );
    const order: string[] = [];
    const ask = async (name: string, priority?: number) =>
      new Promise<number>((resolve) => {
        const answered: RowReceiver['answered'] = (_, __, batch) => {
          order.push(name);
          resolve(batch!.rows);
        };
        const receiver: RowReceiver = { answered, ...(priority !== undefined && { priority }) };
        batcher.submitOnline(waiting, [{ bytes: Uint8Array.of(1) }], receiver, 0);
      });
    const late = [ask('later', 90), ask('default')];
    batcher.pump();
    // Two rows wait for a third one. Of four, the most urgent three leave.
    const urgent = [ask('urgent', 1), ask('also default', 50)];
    batcher.pump();
    expect(await Promise.all([late[1], ...urgent])).toEqual([3, 3, 3]);
    expect(order).toEqual(['urgent', 'default', 'also default']);
    for (let more = 0; more < 2; more++) void ask('more');
    batcher.pump();
    expect(await late[0]).toBe(3);
  });

  it('that wait for a fuller batch leave after max_wait_ms', async () => {
    const { batcher } = open();
    const waiting = onlineGroup(batchGroup({ ...GROUP, online: { maxWaitMs: 40, preferredSizes: [] } }));
    const began = performance.now();
    const batch = await new Promise<number>((resolve) => {
      const answered: RowReceiver['answered'] = (_, __, seen) => resolve(seen!.sentAt - began);
      batcher.submitOnline(waiting, [{ bytes: Uint8Array.of(1) }], { answered }, 0);
      batcher.pump();
    });
    expect(batch).toBeGreaterThanOrEqual(39);
  });

  it('that wait for a fuller batch leave in time for their deadline, also if a row with a later one came first', async () => {
    const { batcher } = open();
    const waiting = onlineGroup(batchGroup({ ...GROUP, online: { maxWaitMs: 60_000, preferredSizes: [] } }));
    const ask = async (timeoutMs: number) =>
      new Promise<RowAnswer>((resolve) => {
        const answered: RowReceiver['answered'] = (_, outcomes, batch) =>
          resolve({ outcome: unpackOutcomes(outcomes)[0]!, batch });
        const receiver: RowReceiver = { answered, deadline: machineNow() + timeoutMs };
        batcher.submitOnline(waiting, [{ bytes: Uint8Array.of(1) }], receiver, 0);
        batcher.pump();
      });
    const answers = await Promise.all([ask(120_000), ask(2_000)]);
    expect(answers.map(codeOf)).toEqual(['ok', 'ok']);
    expect(answers[0].batch!.rows).toBe(2);
  });
});
