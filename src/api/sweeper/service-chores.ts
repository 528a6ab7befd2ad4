/** All chores of a service's sweeper. */
import { RETENTION_MS, type JobStore } from '../../shared/queue/jobs/job-store.ts';
import type { BlockQueues } from '../../shared/queue/blocks/block-queue.ts';
import type { QueueSlots } from '../../shared/queue/blocks/queue-slots.ts';
import type { Outputs } from '../../shared/storage/output.ts';
import type { Leftovers } from '../../shared/queue/jobs/leftovers.ts';
import type { InlinePipelines } from '../../shared/queue/workers/inline-pipelines.ts';
import type { StoredModelOrders } from '../../shared/queue/workers/stored-model-orders.ts';
import type { WorkerRegistry } from '../../shared/queue/workers/worker-registry.ts';
import { sweepJobs } from './sweep-jobs.ts';
import { sweepPipelines } from './sweep-pipelines.ts';
import { sweepQueues } from './sweep-queues.ts';
import { sweepSpool } from './sweep-spool.ts';
import { sweepModelOrders } from './sweep-model-orders.ts';
import type { Chore } from './sweeper.ts';

/** Files untouched for this long are leftovers. No submit takes longer, and no run outlives its job for longer. */
const LEFT_OVER_MS = 600_000;

export function serviceChores(deps: {
  leftovers: Leftovers;
  jobs: JobStore;
  queues: BlockQueues;
  slots: QueueSlots;
  workers: WorkerRegistry;
  modelOrders: StoredModelOrders;
  pipelines: InlinePipelines;
  spoolDir: string;
  outputs: Outputs;
}): Chore[] {
  return [
    sweepQueues(deps),
    sweepJobs({ ...deps, graceMs: LEFT_OVER_MS }),
    sweepSpool({ ...deps, graceMs: LEFT_OVER_MS, keepMs: RETENTION_MS }),
    sweepModelOrders(deps),
    sweepPipelines({ ...deps, graceMs: LEFT_OVER_MS }),
  ];
}
