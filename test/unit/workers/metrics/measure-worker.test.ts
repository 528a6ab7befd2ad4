// What a worker's events become in a scrape.
import { expect, it } from 'vitest';
import { createEvents } from '#forebay/shared/observe/events.js';
import type { ServedModel } from '#forebay/shared/queue/workers/worker-registry.js';
import { blockQueueName } from '#forebay/shared/queue/keys.js';
import type { WorkerView } from '#forebay/workers/health/worker-view.js';
import { measureWorker } from '#forebay/workers/metrics/measure-worker.js';

const ref = { name: 'tiny', pool: 'gpu', hash: 'a'.repeat(64) };
const queue = blockQueueName(ref);
const served = { ref, version: '2', lanes: 2, batchSize: 8, problem: null } as unknown as ServedModel;
const lane = { pid: 1, done: 0, loadedBytes: 0 };

function measured(view: Partial<WorkerView> = {}) {
  const events = createEvents();
  const now: WorkerView = {
    lanes: { size: 1, running: [{ ...lane, index: 0, batches: 0, state: 'open' }] },
    memory: { usedBytes: 500, limitBytes: 1000, level: 'slow' },
    inflight: { used: 1, limit: 2, blockedMs: 1500 },
    models: [served],
    refused: [],
    intake: 'running',
    ...view,
  };
  const metrics = measureWorker(events, () => now);
  return { events, lines: async () => (await metrics.scrape()).split('\n') };
}

const batch = {
  queue,
  runs: () => [],
  rows: 4,
  failed: 1,
  calls: 1,
  room: 8,
  waitedMs: 40,
  ms: 100,
  timings: {
    readMs: 1,
    decodeMs: 20,
    prepareMs: 4,
    inferMs: 50,
    postMs: 3,
    restMs: 2,
    laneWaitMs: 10,
    bytes: 4096,
  },
};
const committed = {
  job: 'job_1',
  block: 7,
  run: { token: 't', queuedAt: 0, startedAt: 0 },
  queue,
  outcome: 'counted' as const,
  succeeded: 3,
  failed: 1,
  errors: { decode_failed: 1 },
  times: { beginMs: 1, readMs: 2, blockedMs: 3, writeMs: 4, commitMs: 5 },
};

it('counts batches, with the sums over rows that Triton has', async () => {
  const { events, lines } = measured();
  events.emit('batch.answered', batch);
  events.emit('batch.answered', batch);
  const triton = '{model="tiny",version="2"}';
  expect(await lines()).toEqual(
    expect.arrayContaining([
      'forebay_batch_rows_sum{model="tiny"} 8',
      'forebay_batch_rows_bucket{le="4",model="tiny"} 2',
      'forebay_batch_rows_bucket{le="2",model="tiny"} 0',
      'forebay_batch_room_rows_total{model="tiny"} 16',
      'forebay_lane_busy_seconds_total{model="tiny"} 0.16',
      'forebay_stage_seconds_total{model="tiny",stage="infer"} 0.1',
      'forebay_bytes_read_total{model="tiny"} 8192',
      `nv_inference_request_success${triton} 6`,
      `nv_inference_request_failure${triton} 2`,
      `nv_inference_count${triton} 8`,
      `nv_inference_exec_count${triton} 2`,
      // Per batch: 40 ms of waiting, and 4 rows of 100 ms. Of that, 4 rows waited 10 ms in the lane.
      `nv_inference_request_duration_us${triton} 880000`,
      `nv_inference_queue_duration_us${triton} 160000`,
      `nv_inference_compute_input_duration_us${triton} 200000`,
      `nv_inference_compute_infer_duration_us${triton} 400000`,
      `nv_inference_compute_output_duration_us${triton} 24000`,
    ]),
  );
});

it('counts the rows of a block once, and only known error codes become labels', async () => {
  const { events, lines } = measured();
  events.emit('block.committed', {
    ...committed,
    failed: 2,
    errors: { decode_failed: 1, 'user text 42': 1 },
  });
  events.emit('block.committed', { ...committed, outcome: 'counted_before' });
  const text = await lines();
  expect(text).toEqual(
    expect.arrayContaining([
      'forebay_rows_total{model="tiny",outcome="succeeded"} 3',
      'forebay_rows_total{model="tiny",outcome="failed"} 2',
      'forebay_rows_failed_total{model="tiny",code="decode_failed"} 1',
      'forebay_rows_failed_total{model="tiny",code="other"} 1',
      'forebay_blocks_total{model="tiny"} 1',
      'forebay_block_runs_ended_total{outcome="committed"} 1',
      'forebay_block_runs_ended_total{outcome="counted_before"} 1',
      'forebay_stage_seconds_total{model="tiny",stage="commit"} 0.01',
    ]),
  );
  expect(text.join('\n')).not.toMatch(/job_1|user text/);
});

it('counts by the name of a model that has left the worker meanwhile', async () => {
  const models = [served];
  const { events, lines } = measured({ models });
  events.emit('batch.answered', batch);
  models.pop();
  events.emit('block.committed', committed);
  expect(await lines()).toContain('forebay_rows_total{model="tiny",outcome="succeeded"} 3');
});

it('shows the state of lanes, memory and models at each scrape', async () => {
  const running = [
    { ...lane, index: 0, batches: 2, state: 'open' as const },
    { ...lane, index: 1, batches: 0, state: 'loading' as const },
  ];
  const failed = { ...served, ref: { ...ref, name: 'broken' }, problem: { code: 'x', message: 'y' } };
  const { events, lines } = measured({ lanes: { size: 3, running }, models: [served, failed] });
  events.emit('lane.died', { lane: 1, code: null, signal: 'SIGKILL', lived_ms: 5 });
  events.emit('memory.lane_killed', { lane: 1, rss_mb: 1, grown_mb: 1 });
  events.emit('model.loaded', { model: 'tiny', hash: 'a', lanes: 2, batch_size: 8, load_ms: 250 });
  expect(await lines()).toEqual(
    expect.arrayContaining([
      'forebay_lanes{state="busy"} 1',
      'forebay_lanes{state="idle"} 0',
      'forebay_lanes{state="loading"} 1',
      'forebay_lanes{state="down"} 1',
      'forebay_lane_restarts_total{why="died"} 1',
      'forebay_lane_kills_total{why="out_of_memory"} 1',
      'forebay_memory_used_bytes 500',
      'forebay_memory_level{level="slow"} 1',
      'forebay_memory_level{level="normal"} 0',
      'forebay_reading_blocked_seconds_total 1.5',
      'forebay_model_state{model="tiny",version="2",state="serving"} 1',
      'forebay_model_state{model="broken",version="2",state="failed"} 1',
      'forebay_model_lanes{model="tiny",version="2"} 2',
      'forebay_model_lanes{model="broken",version="2"} 0',
      'forebay_model_load_seconds_total{model="tiny"} 0.25',
    ]),
  );
});
