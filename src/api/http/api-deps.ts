/** What the HTTP face needs. It owns none of it, and reads neither config nor environment. */
import type { ModelRef } from '../../shared/domain/model-config.ts';
import type { KeyStore } from '../../shared/keys/key-store.ts';
import type { Logger } from '../../shared/observe/logger.ts';
import type { BlockQueues } from '../../shared/queue/block-queue.ts';
import type { JobStore } from '../../shared/queue/job-store.ts';
import type { QueueSlots } from '../../shared/queue/queue-slots.ts';
import type { Wake } from '../../shared/queue/wake.ts';
import type { WebhookQueue } from '../../shared/queue/webhook-queue.ts';
import type { WorkerRegistry } from '../../shared/queue/worker-registry.ts';
import type { HostCheck } from './middleware/check-host.ts';
import type { RateLimit } from './middleware/rate-limit.ts';
import type { JobRequests } from '../jobs/job-requests.ts';
import type { ModelCatalog } from '../models/model-catalog.ts';

export interface ApiDeps extends JobRequests {
  readonly jobs: JobStore;
  readonly queues: BlockQueues;
  readonly slots: QueueSlots;
  readonly workers: WorkerRegistry;
  readonly wake: Wake;
  readonly models: Pick<ModelCatalog, 'list' | 'get'>;
  /** Who is let in; absent: everybody, whatever page sends them. */
  readonly access?: {
    /** Absent: no key is asked for. */
    readonly keys?: KeyStore;
    readonly checkHost?: HostCheck;
    readonly rateLimit?: RateLimit;
  };
  readonly webhooks: Pick<WebhookQueue, 'deliveries'>;
  /** Throws what keeps jobs from being accepted now. */
  ready(): Promise<void>;
  /** Slots a queue has, for stats. */
  queueLimit?(model: ModelRef): Promise<number>;
  /** Levels that the JSON of a request may nest. */
  readonly maxJsonDepth: number;
  readonly log: Logger;
  /** Shown in the OpenAPI document. */
  readonly version: string;
  /** Aborted when the service stops: open streams end. */
  readonly shutdown: AbortSignal;
}
