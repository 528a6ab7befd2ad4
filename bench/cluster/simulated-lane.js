/**
 * A lane whose device takes a given time per batch and no CPU. It runs one batch at a time, by priority and in order of
 * calls, and starts the next one immediately. It opens no file. It simulates hardware that this machine does not have.
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
  /** Batches that wait or run. The first one runs. */
  const batches = [];

  function begin() {
    const [batch] = batches;
    const now = performance.now();
    // A device starts a waiting batch immediately, even if the timer of this process is late.
    const begins = Math.max(batch.at, busyUntil);
    const timings = {
      idleMs: Math.max(0, batch.at - busyUntil),
      readMs: 0,
      decodeMs: 0,
      prepareMs: 0,
      inferMs: batch.inferMs,
      postMs: 0,
      restMs: 0,
      decodeAheadMs: 0,
      laneWaitMs: begins - batch.at,
      bytes: 0,
    };
    busyUntil = begins + batch.inferMs;
    const answer = () => {
      batches.shift();
      batch.resolve({ outcomes: batch.outcomes, timings });
      if (batches.length > 0) begin();
    };
    if (latencyMs === 0) setImmediate(answer);
    else setTimeout(answer, busyUntil - now);
  }

  return {
    index,
    pid: process.pid,
    load: async () => INFO,
    run: async ({ rows, priority = 0 }) =>
      new Promise((resolve) => {
        const behind = batches.findIndex((other, i) => i > 0 && other.priority > priority);
        const inferMs = latencyMs * Math.max(1, Math.ceil(rows.length / rowsPerCall));
        const batch = {
          at: performance.now(),
          inferMs,
          priority,
          outcomes: outcomesOf(rows.length),
          resolve,
        };
        batches.splice(behind === -1 ? batches.length : behind, 0, batch);
        if (batches.length === 1) begin();
      }),
    exited,
    close: async () => stop(),
    kill: () => stop(),
  };
}
