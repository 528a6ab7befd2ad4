/** A lane of the service that serves the text encoder: the service's own child process, with an entry of the bench's. */
import { fileURLToPath } from 'node:url';
import { startChildLane } from '../../dist/workers/lane-pool/child-lane.js';

const ENTRY = fileURLToPath(new URL('text-lane-process.js', import.meta.url));

/**
 * @param {{ index: number, limits: object, tokens: { from: number, to: number }, callRows: number }} options tokens: of a row; callRows:
 *   rows a model call
 * @returns {import('../../src/workers/lane-pool/lane-handle.ts').Lane}
 */
export function startTextLane({ index, limits, tokens, callRows }) {
  const env = { FOREBAY_BENCH_TEXT: JSON.stringify({ tokens, callRows }) };
  return startChildLane({ index, uvThreads: 1, limits, entry: ENTRY, env });
}
