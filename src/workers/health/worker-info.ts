/** The contents of a worker's heartbeat. */
import { hostname } from 'node:os';
import type { WorkerInfo, WorkerResources } from '../../shared/queue/workers/worker-registry.ts';
import { blockQueueName } from '../../shared/queue/keys.ts';
import type { LanePlan } from '../settings/plan-lanes.ts';
import { watchLag } from './event-loop-lag.ts';
import type { ModelUses } from './model-uses.ts';
import type { WorkerView } from './worker-view.ts';

export function createWorkerInfo(facts: {
  id: string;
  pool: string;
  resources: WorkerResources;
  plan: LanePlan;
  view: () => WorkerView;
  uses: ModelUses;
  bodyFolder: string | undefined;
}): () => WorkerInfo {
  const { id, pool, resources, plan, uses, bodyFolder } = facts;
  const startedAt = Date.now();
  const lag = watchLag();

  return () => {
    const { lanes, memory, inflight, models, refused, intake } = facts.view();
    return {
      id,
      host: hostname(),
      pid: process.pid,
      pool,
      startedAt,
      lagP99Ms: lag.p99(),
      busyShare: uses.busyShare(lanes.size),
      memory: { rssBytes: memory.usedBytes, limitBytes: memory.limitBytes, level: memory.level },
      inflight: {
        usedBytes: inflight.used,
        limitBytes: inflight.limit,
        blockedMs: Math.round(inflight.blockedMs),
      },
      models: models.map((model) => {
        const use = uses.of(blockQueueName(model.ref));
        return use === null ? model : { ...model, use };
      }),
      ...(refused.length > 0 && { refused }),
      intake,
      resources,
      plan: plan.choices,
      ...(bodyFolder !== undefined && { bodyFolder }),
    };
  };
}
