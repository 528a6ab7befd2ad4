// Joins the samples of several workers into one.
import { expect, it } from 'vitest';
import type { PlanWorker } from '#forebay/api/plan/facts.js';
import { joinSamples } from '#forebay/api/plan/joined-sample.js';
import type { SampleReply } from '#forebay/shared/queue/workers/sample-requests.js';

function worker(rows: number, meanRowBytes: number | null, inferMs: number): PlanWorker {
  const reply: SampleReply = {
    rate: { rowsPerS: rows, errorRowsPerS: null, rows, seconds: 1 },
    rows,
    passes: 1,
    lanes: 1,
    meanRowBytes,
    stageMs: { infer: inferMs },
    failedRows: 0,
    errors: [],
    blocksBeside: 0,
    problem: null,
  };
  return { answer: { ok: true, reply } } as PlanWorker;
}

it('a worker that has measured more rows has more weight in each mean', () => {
  expect(joinSamples([worker(300, 1000, 1), worker(100, 5000, 5)])).toMatchObject({
    mean_row_bytes: 2000,
    stage_ms: { infer: 2 },
  });
});

it('a worker that does not know the size of its rows has no weight in their mean', () => {
  expect(joinSamples([worker(300, null, 1), worker(100, 5000, 1)])).toMatchObject({ mean_row_bytes: 5000 });
  expect(joinSamples([worker(300, null, 1)])).toMatchObject({ mean_row_bytes: null });
});
