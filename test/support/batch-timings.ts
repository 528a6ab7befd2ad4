import type { BatchTimings } from '#forebay/workers/lane/messages.js';

/** What a lane reports of a batch. All times that are not given are 0. */
export function batchTimings(given: Partial<BatchTimings>): BatchTimings {
  return {
    idleMs: 0,
    readMs: 0,
    decodeMs: 0,
    prepareMs: 0,
    inferMs: 0,
    postMs: 0,
    restMs: 0,
    decodeAheadMs: 0,
    laneWaitMs: 0,
    bytes: 0,
    ...given,
  };
}
