/** Workers and queues as clients see them. */
import { isLoaded, type ServedModel, type WorkerInfo } from '../../shared/queue/workers/worker-registry.ts';
import type { QueueListWire, WorkerListWire, WorkerWire } from '../http/wire/overview.ts';
import { iso } from '../http/wire/scalars.ts';
import type { QueueSurvey } from './survey-service.ts';

export function workersToWire(workers: readonly WorkerInfo[]): WorkerListWire {
  const sorted = workers.toSorted((a, b) => (a.pool + a.id < b.pool + b.id ? -1 : 1));
  return { object: 'list', data: sorted.map(workerToWire) };
}

export function workerToWire(worker: WorkerInfo): WorkerWire {
  const { memory, inflight, plan } = worker;
  return {
    id: worker.id,
    object: 'worker',
    host: worker.host,
    pid: worker.pid,
    pool: worker.pool,
    status: worker.intake ?? 'running',
    started_at: iso(worker.startedAt),
    lanes: plan ? { value: plan.lanes.value, why: plan.lanes.why } : null,
    threads: plan ? { value: plan.threads.value, why: plan.threads.why } : null,
    models: worker.models.map((model) => ({
      name: model.ref.name,
      version: model.version ?? null,
      status: statusOf(model),
      lanes: isLoaded(model) ? model.lanes : 0,
      batch_size: model.batchSize,
      problem: model.problem,
    })),
    lag_p99_ms: worker.lagP99Ms,
    busy_share: worker.busyShare ?? null,
    memory: { rss_bytes: memory.rssBytes, limit_bytes: memory.limitBytes, level: memory.level ?? null },
    inflight: {
      used_bytes: inflight.usedBytes,
      limit_bytes: inflight.limitBytes,
      blocked_ms: inflight.blockedMs,
    },
  };
}

function statusOf(model: ServedModel): WorkerWire['models'][number]['status'] {
  if (model.problem !== null) return 'failed';
  if (model.isLoading === true) return 'loading';
  return isLoaded(model) ? 'serving' : 'unloaded';
}

export function queuesToWire(queues: readonly QueueSurvey[]): QueueListWire {
  return {
    object: 'list',
    data: queues.map((queue) => ({
      name: queue.name,
      object: 'queue',
      pool: queue.model.pool,
      model: queue.model.name,
      model_hash: queue.model.hash,
      waiting: queue.waiting,
      active: queue.active,
      slots: queue.slots,
      limit: queue.limit,
      lanes: queue.lanes,
      oldest_s: queue.oldestAt === null ? null : Math.max(0, Date.now() - queue.oldestAt) / 1000,
      jobs: queue.jobs.map(({ spec, status, reason, reasonText }) => ({
        id: spec.id,
        status,
        reason,
        reason_text: reasonText,
      })),
    })),
  };
}
