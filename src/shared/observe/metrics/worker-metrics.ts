/** Metrics of a worker. */
import { counter, gauge, histogram } from './metric-kind.ts';

/** Powers of two, because batch sizes usually are. */
const BATCH_ROWS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];
const BATCH_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];

export const WORKER_METRICS = {
  forebay_rows_total: counter('Rows in committed blocks.', ['model', 'outcome']),
  forebay_rows_failed_total: counter(
    'Failed rows that this worker computed, in committed blocks, by error code.',
    ['model', 'code'],
  ),
  forebay_cache_rows_total: counter(
    'Rows of jobs with the result cache: hit (answered from the cache, or by an equal row of the block), or miss.',
    ['model', 'outcome'],
  ),
  forebay_cache_failures_total: counter(
    'Times that the result cache could not be used and was left out for a while: read, write, sweep.',
    ['what'],
  ),
  forebay_cache_bytes: gauge('Bytes of the result cache after the last sweep of this worker.'),
  forebay_blocks_total: counter('Committed blocks.', ['model']),
  forebay_block_runs_ended_total: counter(
    'Runs of blocks by how they ended: committed, counted_before, superseded, not_published, failed, left_to_lock.',
    ['outcome'],
  ),
  forebay_stage_seconds_total: counter(
    'Where time went. open, decode, prepare, infer, post and other are times of lanes. begin, read, blocked, write and commit are summed over blocks and overlap with them.',
    ['model', 'stage'],
  ),
  forebay_lane_busy_seconds_total: counter('Time in which lanes worked on batches, summed over lanes.', [
    'model',
  ]),
  forebay_bytes_read_total: counter('Bytes of rows that lanes received or read.', ['model']),
  forebay_batch_rows: histogram('Rows per batch.', BATCH_ROWS, ['model']),
  forebay_batch_room_rows_total: counter('Rows that the batches had room for.', ['model']),
  forebay_batch_seconds: histogram(
    'Time from sending a batch to a lane until its answer, including the wait for earlier batches of the lane.',
    BATCH_SECONDS,
    ['model'],
  ),

  forebay_worker_state: gauge(
    '1 for the current state: running, draining (it finishes what it holds), drained (it holds nothing any more).',
    ['state'],
  ),
  forebay_lanes: gauge(
    'Lanes by state: busy, idle, loading (they load a model), draining (they restart after their batches), down (they start again).',
    ['state'],
  ),
  forebay_lane_restarts_total: counter(
    'Ends of lane processes, which are then started again: died, or recycled as planned.',
    ['why'],
  ),
  forebay_lane_kills_total: counter(
    'Lanes that the worker killed, because a batch exceeded its timeout or memory was about to run out.',
    ['why'],
  ),

  forebay_model_state: gauge('1 for the state of each model: serving, loading, unloaded or failed.', [
    'model',
    'version',
    'state',
  ]),
  forebay_model_lanes: gauge('Lanes that hold the model.', ['model', 'version']),
  forebay_model_loads_total: counter('Loads of models: loaded, or failed.', ['model', 'outcome']),
  forebay_model_load_seconds_total: counter(
    'Time spent loading models. Each load counts the time of one lane.',
    ['model'],
  ),
  forebay_model_unloads_total: counter('Models that left the lanes: idle, budget, asked.', ['model', 'why']),

  forebay_memory_used_bytes: gauge(
    'Memory of the worker and its lanes, or of its container if that is nearer to its limit.',
  ),
  forebay_memory_limit_bytes: gauge('The memory limit that applies.'),
  forebay_memory_level: gauge('1 for the current level: normal, slow, stop or kill.', ['level']),
  forebay_inflight_bytes: gauge('Bytes of rows that were fetched and have no answer yet.'),
  forebay_inflight_limit_bytes: gauge('At this limit, reading waits.'),
  forebay_reading_blocked_seconds_total: counter('Time in which reading waited for room in flight.'),
};

/** With the names and meanings of Triton, so that existing dashboards work. Each row counts as a request. */
export const TRITON_METRICS = {
  nv_inference_request_success: counter('Rows that lanes answered with a result.', ['model', 'version']),
  nv_inference_request_failure: counter('Rows that lanes answered with an error.', ['model', 'version']),
  nv_inference_count: counter('Rows that lanes answered.', ['model', 'version']),
  nv_inference_exec_count: counter('Batches that lanes executed.', ['model', 'version']),
  nv_inference_request_duration_us: counter(
    'Time from a row being ready until its answer, summed over rows.',
    ['model', 'version'],
  ),
  nv_inference_queue_duration_us: counter(
    'Of that, the wait for a batch and for earlier batches of the lane, summed over rows.',
    ['model', 'version'],
  ),
  nv_inference_compute_input_duration_us: counter(
    'Time in which the lane opened, decoded and prepared the batch, summed over its rows.',
    ['model', 'version'],
  ),
  nv_inference_compute_infer_duration_us: counter(
    'Time of the model calls, summed over the rows of a batch.',
    ['model', 'version'],
  ),
  nv_inference_compute_output_duration_us: counter(
    'Time in which outputs became answers, summed over the rows of a batch.',
    ['model', 'version'],
  ),
};
