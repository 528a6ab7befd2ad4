/**
 * A lane whose device takes a given time per batch and no CPU. It runs one batch at a time, in order of calls, and starts
 * the next one immediately. It opens no file. It simulates hardware that this machine does not have.
 */
const LABEL = '"predictions":[{"index":0,"label":"simulated","score":1}]';
const INFO = {
  inputs: [{ name: 'input', type: 'float32', shape: ['batch', 3, 8, 8] }],
  outputs: [{ name: 'output', type: 'float32', shape: ['batch', 1] }],
  fixedBatch: null,
  notes: [],
  loadMs: 0,
  batchInvariance: null,
  memory: null,
};

const ONE = Buffer.from(LABEL);
/** The answers of as many rows as any batch had so far. Batches share the bytes, because answers are only read. */
let answers = Buffer.alloc(0);

function outcomesOf(rows) {
  if (answers.length < rows * ONE.length) answers = Buffer.alloc(rows * ONE.length, ONE);
  const ends = Uint32Array.from({ length: rows }, (_, at) => (at + 1) * ONE.length);
  return { results: answers.subarray(0, rows * ONE.length), start: 0, ends, errors: [] };
}

/**
 * `latencyMs`: of a batch, or of each `rowsPerCall` rows of it, like a device that takes a batch in calls of that size.
 * @param {{ index: number, latencyMs: number, rowsPerCall?: number }} options
 * @returns {import('../../src/workers/lane-pool/lane-handle.ts').Lane}
 */
export function startSimulatedLane({ index, latencyMs, rowsPerCall = Infinity }) {
  let stop = () => {};
  const exited = new Promise((resolve) => (stop = () => resolve({ code: 0, signal: null })));
  let busyUntil = 0;
  return {
    index,
    pid: process.pid,
    load: async () => INFO,
    run: async ({ rows }) =>
      new Promise((resolve) => {
        const outcomes = outcomesOf(rows.length);
        const inferMs = latencyMs * Math.ceil(rows.length / rowsPerCall);
        const now = performance.now();
        // A device starts a waiting batch immediately, even if the timer of this process is late.
        const begins = Math.max(now, busyUntil);
        const timings = {
          idleMs: Math.max(0, now - busyUntil),
          readMs: 0,
          decodeMs: 0,
          prepareMs: 0,
          inferMs,
          postMs: 0,
          restMs: 0,
          decodeAheadMs: 0,
          laneWaitMs: begins - now,
          bytes: 0,
        };
        busyUntil = begins + inferMs;
        const answer = () => resolve({ outcomes, timings });
        if (latencyMs === 0) setImmediate(answer);
        else setTimeout(answer, busyUntil - now);
      }),
    exited,
    close: async () => stop(),
    kill: () => stop(),
  };
}
