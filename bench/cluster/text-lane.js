/** A lane that serves the text encoder: a child process like the service's own, but with the benchmark's entry point. */
import { fileURLToPath } from 'node:url';
import { startChildLane } from '../../dist/workers/lane-pool/child-lane.js';

const ENTRY = fileURLToPath(new URL('text-lane-process.js', import.meta.url));

/**
 * `tokens`: range of tokens per row. `callRows`: rows per model call.
 * @param {{ index: number, limits: object, tokens: { from: number, to: number }, callRows: number }} options
 * @returns {import('../../src/workers/lane-pool/lane-handle.ts').Lane}
 */
export function startTextLane({ index, limits, tokens, callRows }) {
  const env = { FOREBAY_BENCH_TEXT: JSON.stringify({ tokens, callRows }) };
  return startChildLane({ index, uvThreads: 1, limits, entry: ENTRY, env });
}
