/** Measures an API process: counts its events, and looks at the whole service at each scrape. */
import { isTerminal, JOB_STATUSES } from '../../shared/domain/job/job-state.ts';
import type { Events } from '../../shared/observe/events.ts';
import { API_METRICS, SERVICE_METRICS } from '../../shared/observe/metrics/api-metrics.ts';
import { createMetrics, type Instruments, type Metrics } from '../../shared/observe/metrics/instruments.ts';
import type { OnlineUse } from '../../shared/queue/online/online-use.ts';
import type { RedisMemory } from '../../shared/redis/redis-memory.ts';
import { isDraining } from '../../shared/domain/intake-state.ts';
import { isLoaded } from '../../shared/queue/workers/worker-registry.ts';
import type { ServiceActivity, ServiceSurvey } from '../overview/survey-service.ts';
import type { PoolScale } from '../scale/pool-scales.ts';

export interface MeasuredService {
  /** Rejects if Redis does not answer. The metrics of the service are then absent from the scrape. */
  readonly survey: () => Promise<ServiceSurvey>;
  readonly scales: (activity: ServiceActivity) => Promise<readonly PoolScale[]>;
  readonly onlineUse: () => Promise<OnlineUse>;
  readonly redisMemory: () => Promise<RedisMemory>;
}

type Service = Instruments<typeof SERVICE_METRICS>;

/** Counts from now on. */
export function measureApi(events: Pick<Events, 'on'>): Metrics {
  const metrics = createMetrics();
  countEvents(events, metrics.make(API_METRICS));
  return metrics;
}

function countEvents(events: Pick<Events, 'on'>, api: Instruments<typeof API_METRICS>): void {
  events.on('request.answered', ({ method, route, status, code, ms }) => {
    api.forebay_http_requests_total.inc({ method, route, status });
    api.forebay_http_request_seconds.observe({ method, route }, ms / 1000);
    if (code !== null) api.forebay_http_problems_total.inc({ code });
  });
  events.on('job.submitted', ({ model, replayed }) => {
    if (!replayed) api.forebay_jobs_submitted_total.inc({ model });
  });
  events.on('job.ended', ({ model, status }) => api.forebay_jobs_ended_total.inc({ model, status }));
  events.on('feeder.failed', () => api.forebay_feeder_failures_total.inc());
  events.on('feeder.crashed', () => api.forebay_feeder_failures_total.inc());
  events.on('webhook.given_up', () => api.forebay_webhooks_given_up_total.inc());
}

export function measureService(
  metrics: Metrics,
  { survey, scales, onlineUse, redisMemory }: MeasuredService,
): void {
  const service = metrics.make(SERVICE_METRICS);
  metrics.onScrape(async () => {
    const [found, online, memory] = await Promise.all([
      survey().catch(() => null),
      onlineUse().catch(() => null),
      redisMemory().catch(() => null),
    ]);
    const pools = found === null ? [] : await scales(found).catch(() => []);
    // Old values must not look like current ones.
    for (const [name, { labels }] of Object.entries(SERVICE_METRICS)) {
      const instrument = service[name as keyof typeof SERVICE_METRICS];
      instrument.reset();
      // Without labels, `reset` would leave a 0, which looks like a value.
      if (labels.length === 0) instrument.remove();
    }
    if (found) show(service, found);
    for (const { work, workers, backlogS } of pools) {
      service.forebay_pool_wanted_workers.set({ pool: work.pool }, workers);
      service.forebay_pool_backlog_seconds.set({ pool: work.pool }, backlogS);
    }
    if (online) {
      service.forebay_online_open_requests.set(online.requests);
      service.forebay_online_open_bytes.set(online.bytes);
    }
    if (memory) {
      service.forebay_redis_memory_bytes.set(memory.usedBytes);
      service.forebay_redis_memory_limit_bytes.set(memory.limitBytes);
    }
  });
}

function show(service: Service, { jobs, workers, queues }: ServiceSurvey): void {
  for (const status of JOB_STATUSES) if (!isTerminal(status)) service.forebay_jobs.set({ status }, 0);
  service.forebay_jobs_rows_per_second.set(0);
  for (const { status, reason, rowsPerS } of jobs) {
    service.forebay_jobs.inc({ status });
    if (reason !== null) service.forebay_jobs_waiting.inc({ reason });
    if (status === 'running') service.forebay_jobs_rows_per_second.inc(rowsPerS ?? 0);
  }
  for (const { pool, plan, models, intake } of workers) {
    service.forebay_workers.inc({ pool });
    service.forebay_workers_draining.inc({ pool }, isDraining(intake) ? 1 : 0);
    service.forebay_pool_lanes.inc({ pool }, plan?.lanes.value ?? 0);
    for (const model of models.filter(isLoaded)) {
      service.forebay_pool_model_lanes.inc({ pool, model: model.ref.name }, model.lanes);
    }
  }
  const oldest = new Map<string, number>();
  for (const queue of queues) {
    const labels = { pool: queue.model.pool, model: queue.model.name };
    service.forebay_queue_blocks.inc({ ...labels, state: 'waiting' }, queue.waiting);
    service.forebay_queue_blocks.inc({ ...labels, state: 'active' }, queue.active);
    service.forebay_queue_slots.inc(labels, queue.slots);
    service.forebay_queue_slot_limit.inc(labels, queue.limit);
    // Versions of a model have queues of their own, but share the labels.
    const key = JSON.stringify(labels);
    const seconds = queue.oldestAt === null ? 0 : Math.max(0, Date.now() - queue.oldestAt) / 1000;
    oldest.set(key, Math.max(oldest.get(key) ?? 0, seconds));
    service.forebay_queue_oldest_seconds.set(labels, oldest.get(key)!);
  }
}
