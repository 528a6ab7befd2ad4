/** The contents of a worker's heartbeat. */
import { hostname } from 'node:os';
import type { MemoryLevel } from '../../shared/domain/memory-level.ts';
import type { ServedModel, WorkerInfo, WorkerResources } from '../../shared/queue/workers/worker-registry.ts';
import type { ByteBudget } from '../intake/byte-budget.ts';
import type { LanePool } from '../lane-pool/lane-pool.ts';
import type { ReadMemoryUse } from '../memory/memory-use.ts';
import type { LanePlan } from '../settings/plan-lanes.ts';
import { watchLag } from './event-loop-lag.ts';

export function createWorkerInfo(facts: {
  id: string;
  pool: string;
  resources: WorkerResources;
  plan: LanePlan;
  lanes: Pick<LanePool, 'views'>;
  budget: ByteBudget;
  memoryUse: ReadMemoryUse;
  memoryLevel: () => MemoryLevel;
  models: () => readonly ServedModel[];
}): () => WorkerInfo {
  const { id, pool, resources, plan, budget } = facts;
  const startedAt = Date.now();
  const lag = watchLag();

  function memory(): WorkerInfo['memory'] {
    const use = facts.memoryUse([process.pid, ...facts.lanes.views().map(({ pid }) => pid)]);
    return {
      rssBytes: use?.bytes ?? null,
      limitBytes: use?.limitBytes ?? resources.memoryBytes,
      level: facts.memoryLevel(),
    };
  }

  return () => ({
    id,
    host: hostname(),
    pid: process.pid,
    pool,
    startedAt,
    lagP99Ms: lag.p99(),
    memory: memory(),
    inflight: {
      usedBytes: budget.used,
      limitBytes: budget.limit,
      blockedMs: Math.round(budget.blockedMs),
    },
    models: facts.models(),
    resources,
    plan: plan.choices,
  });
}
