/** The times of an answered batch by row, as Triton counts them. */
import type { RowTimes } from '../../shared/domain/model/model-use.ts';
import type { AnsweredBatch } from '../../shared/observe/worker-events.ts';

/** Each row counts the whole time of its batch, because that is how long its answer took. */
export function rowTimesOf({ rows, waitedMs, ms, timings }: AnsweredBatch): RowTimes {
  const { readMs, decodeMs, prepareMs, inferMs, postMs, laneWaitMs } = timings;
  return {
    total: waitedMs + rows * ms,
    queue: waitedMs + rows * laneWaitMs,
    input: rows * (readMs + decodeMs + prepareMs),
    infer: rows * inferMs,
    output: rows * postMs,
  };
}
