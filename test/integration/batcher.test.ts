// Batches and what happens to their rows when a lane dies, on real child processes (G3, INV-6).
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBatcher, type BatchGroup, type RowAnswer } from '#forebay/workers/batcher.js';
import { startChildLane } from '#forebay/workers/lanes/child-lane.js';
import { createLanePool, type LanePool } from '#forebay/workers/lanes/lane-pool.js';
import { NO_ROWS } from '../support/lanes.ts';

const entry = fileURLToPath(new URL('../support/crashing-lane.js', import.meta.url));
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const group: BatchGroup = { model: 'm', topK: 1, batchSize: 4, maxWaitMs: 60_000 };
const POISON = 0x66;
const ENDLESS = 0x77;

let pool: LanePool;
let deaths: number;
beforeEach(async () => {
  deaths = 0;
  pool = createLanePool({
    size: 2,
    log: { ...quiet, warn: () => (deaths += 1) },
    startLane: (index) => startChildLane({ index, uvThreads: 1, entry }),
  });
  const load = {
    model: 'm',
    dir: '',
    contract: {} as never,
    labels: null,
    threads: 1,
    limits: NO_ROWS,
  };
  expect(await pool.load({ load, lanes: 2, timeoutMs: 300, unchanged: async () => true })).toMatchObject({
    ok: true,
  });
});
afterEach(async () => pool.close());

function open(moreMayArrive = () => false, readingWaits = () => false) {
  const batcher = createBatcher({ pool, moreMayArrive, readingWaits, onSent: () => {} });
  const send = (bytes: number[]): Promise<RowAnswer>[] => {
    batcher.expect(group, bytes.length);
    return bytes.map(async (byte) => batcher.submit(group, { bytes: Uint8Array.of(byte) }));
  };
  return { batcher, send };
}
const codeOf = ({ outcome }: RowAnswer) => (outcome.ok ? 'ok' : outcome.error.code);

describe('batches', () => {
  it('answer every row with its own result, in full batches and a rest', async () => {
    const { send } = open();
    const bytes = Array.from({ length: 10 }, (_, i) => i);
    const answers = await Promise.all(send(bytes));
    expect(answers.map((a) => a.outcome)).toEqual(
      bytes.map((byte) => ({ ok: true, result: `"predictions":[{"index":${byte},"score":1}]` })),
    );
    const sizes = [...new Set(answers.map((a) => a.batch))].map((batch) => batch!.rows).sort((a, b) => a - b);
    expect(sizes).toEqual([2, 4, 4]);
  });

  it('wait for more rows while some may arrive, and leave at once when none can', async () => {
    let more = true;
    const { batcher, send } = open(() => more);
    let answered = 0;
    const early = send([1, 2]).map(async (p) => p.then(() => (answered += 1)));
    // A full batch of another size class goes through meanwhile: the two still wait.
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

  it('leave unfilled when reading waits for the bytes that they hold', async () => {
    const { batcher } = open(
      () => false,
      () => true,
    );
    batcher.expect(group, 4);
    const answer = await batcher.submit(group, { bytes: Uint8Array.of(7) });
    expect(answer.batch!.rows).toBe(1);
    for (let i = 0; i < 3; i++) batcher.callOff(group);
  });

  it('mix rows only of equal options', async () => {
    const { batcher } = open();
    const others = [group, { ...group, topK: 3 }, { ...group, decode: 'fast' as const }];
    for (const other of others) batcher.expect(other, 2);
    const rows = [...others, ...others].map(async (g, i) => batcher.submit(g, { bytes: Uint8Array.of(i) }));
    const answers = await Promise.all(rows);
    expect(answers.map((a) => a.batch!.rows)).toEqual([2, 2, 2, 2, 2, 2]);
    expect(new Set(answers.map((a) => a.batch)).size).toBe(3);
  });
});

describe('a row that kills its lane', () => {
  it('costs one row, whatever shares its batch or waits behind it', async () => {
    const { send } = open();
    const bytes = Array.from({ length: 24 }, (_, i) => (i === 9 ? POISON : i));
    const answers = await Promise.all(send(bytes));
    expect(answers.map(codeOf)).toEqual(bytes.map((byte) => (byte === POISON ? 'lane_crashed' : 'ok')));
    // Once with its batch, once alone.
    expect(deaths).toBe(2);
  });

  it('leaves lanes that go on answering', async () => {
    const { send } = open();
    expect((await Promise.all(send([POISON]))).map(codeOf)).toEqual(['lane_crashed']);
    expect((await Promise.all(send([1, 2, 3, 4, 5]))).map(codeOf)).toEqual(Array(5).fill('ok'));
  });
});

describe('a row whose model call never ends', () => {
  it('costs one row and two lanes, and what waits behind it is not blamed', async () => {
    const { send } = open();
    const bytes = Array.from({ length: 24 }, (_, i) => (i === 9 ? ENDLESS : i));
    const answers = await Promise.all(send(bytes));
    expect(answers.map(codeOf)).toEqual(bytes.map((byte) => (byte === ENDLESS ? 'timed_out' : 'ok')));
    expect(deaths).toBe(2);
  });
});

it('a job with few rows is not held back by one that keeps every lane busy', async () => {
  const { batcher } = open();
  const small: BatchGroup = { ...group, topK: 2, maxWaitMs: 1 };
  const order: string[] = [];
  batcher.expect(group, 400);
  const large = Array.from({ length: 400 }, async (_, i) =>
    batcher.submit(group, { bytes: Uint8Array.of(i % 100) }).then(() => order.push('large')),
  );
  batcher.expect(small, 1);
  const one = batcher.submit(small, { bytes: Uint8Array.of(1) }).then(() => order.push('small'));
  await Promise.all([...large, one]);
  expect(order.indexOf('small')).toBeLessThan(100);
});
