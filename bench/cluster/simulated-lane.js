/**
 * A lane whose device takes a given time per batch and no CPU. It runs one batch at a time, in order of calls, and starts
 * the next one immediately. It opens no file. It simulates hardware that this machine does not have.
 */
import { packOutcomes } from '../../dist/shared/domain/outcomes.js';

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

/**
 * @param {{ index: number, latencyMs: number }} options
 * @returns {import('../../src/workers/lane-pool/lane-handle.ts').Lane}
 */
export function startSimulatedLane({ index, latencyMs }) {
  let stop = () => {};
  const exited = new Promise((resolve) => (stop = () => resolve({ code: 0, signal: null })));
  let busyUntil = 0;
  return {
    index,
    pid: process.pid,
    load: async () => INFO,
    run: async ({ rows }) =>
      new Promise((resolve) => {
        const outcomes = packOutcomes(
          Array.from({ length: rows.length }, () => ({ ok: true, result: LABEL })),
        );
        const now = performance.now();
        // A device starts a waiting batch immediately, even if the timer of this process is late.
        const begins = Math.max(now, busyUntil);
        const timings = {
          idleMs: Math.max(0, now - busyUntil),
          readMs: 0,
          decodeMs: 0,
          prepareMs: 0,
          inferMs: latencyMs,
          postMs: 0,
          restMs: 0,
          decodeAheadMs: 0,
          laneWaitMs: begins - now,
          bytes: 0,
        };
        busyUntil = begins + latencyMs;
        const answer = () => resolve({ outcomes, timings });
        if (latencyMs === 0) setImmediate(answer);
        else setTimeout(answer, busyUntil - now);
      }),
    exited,
    close: async () => stop(),
    kill: () => stop(),
  };
}
