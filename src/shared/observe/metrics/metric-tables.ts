/** All metrics by the process that has them. The keys are the titles of docs/metrics.md. */
import { API_METRICS, SERVICE_METRICS } from './api-metrics.ts';
import { REDIS_METRICS } from './redis-metrics.ts';
import { TRITON_METRICS, WORKER_METRICS } from './worker-metrics.ts';

export const METRIC_TABLES = {
  'A worker': WORKER_METRICS,
  'A worker, with the names of Triton': TRITON_METRICS,
  'An API process': API_METRICS,
  'The whole service, from an API process': SERVICE_METRICS,
  'Redis, from every process': REDIS_METRICS,
};
