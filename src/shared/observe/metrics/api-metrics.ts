/**
 * Metrics of an API process. Those that describe the whole service come from Redis, so every API process has the same
 * values: use max over the processes, not sum.
 */
import { counter, gauge, histogram } from './metric-kind.ts';

const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

/** What this process did. */
export const API_METRICS = {
  forebay_http_requests_total: counter('Answered requests.', ['method', 'route', 'status']),
  forebay_http_request_seconds: histogram(
    'Time from the head of a request until the head of its answer.',
    REQUEST_SECONDS,
    ['method', 'route'],
  ),
  forebay_http_problems_total: counter('Requests that were refused or failed, by error code.', ['code']),
  forebay_jobs_submitted_total: counter(
    'Jobs that this process accepted. A request repeated with the same Idempotency-Key does not count.',
    ['model'],
  ),
  forebay_jobs_ended_total: counter('Jobs that this process brought to an end.', ['model', 'status']),
  forebay_feeder_failures_total: counter('Failed rounds of feeders, and feeders that ended with an error.'),
  forebay_webhooks_given_up_total: counter('Webhook events that were given up after all tries.'),
};

/** The whole service, read from Redis at each scrape. */
export const SERVICE_METRICS = {
  forebay_jobs: gauge('Jobs that have not ended, by status.', ['status']),
  forebay_jobs_waiting: gauge('Jobs that wait, by reason. This is the backpressure that users see.', [
    'reason',
  ]),
  forebay_jobs_rows_per_second: gauge('Rows per second of all running jobs together.'),
  forebay_workers: gauge('Live workers.', ['pool']),
  forebay_workers_draining: gauge('Live workers that are drained, or are being drained.', ['pool']),
  forebay_pool_wanted_workers: gauge('Workers that the pool should have, as `GET /v1/scale` says.', ['pool']),
  forebay_pool_backlog_seconds: gauge('Time in which one worker would finish all rows of the pool.', [
    'pool',
  ]),
  forebay_pool_lanes: gauge('Lanes of live workers.', ['pool']),
  forebay_pool_model_lanes: gauge('Lanes of live workers that hold the model.', ['pool', 'model']),
  forebay_queue_blocks: gauge('Blocks on the queues of a model: waiting, active.', [
    'pool',
    'model',
    'state',
  ]),
  forebay_queue_slots: gauge('Slots of the queues in use, over all jobs.', ['pool', 'model']),
  forebay_queue_slot_limit: gauge(
    'Maximum number of slots of the queues. Jobs with large windows may exceed it.',
    ['pool', 'model'],
  ),
  forebay_queue_oldest_seconds: gauge('Age of the block that has waited longest. 0: none waits.', [
    'pool',
    'model',
  ]),
  forebay_online_open_requests: gauge('Online requests that wait or are being computed.'),
  forebay_online_open_bytes: gauge(
    'Bytes that these requests hold in Redis. FOREBAY_ONLINE_MAX_MB limits them.',
  ),
  forebay_redis_memory_bytes: gauge('Memory that Redis uses.'),
  forebay_redis_memory_limit_bytes: gauge('maxmemory of Redis. 0: no limit.'),
};
