/** What the HTTP face needs. It owns none of it, and reads neither config nor environment. */
import type { JobRecord } from '../../shared/domain/job.ts';
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
import type { ModelCatalog } from '../models/model-catalog.ts';
import type { Submitter } from '../jobs/create/accept-job.ts';
import type { PlanWire } from './wire/plan.ts';
import type { ResumeRequest } from './wire/resume-request.ts';
import type { SubmitRequest } from './wire/submit-request.ts';

export interface ApiDeps {
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
  /** For a tenant. `replayed`: its key had made this job before. */
  submitJob(
    request: SubmitRequest,
    idempotencyKey: string | null,
    by: Submitter,
  ): Promise<{ job: JobRecord; replayed: boolean }>;
  /** A new job of the failed rows of an ended one. */
  retryJob(id: string, by: Submitter): Promise<JobRecord>;
  /** A new job that finishes what an output folder holds. */
  resumeOutput(request: ResumeRequest, by: Submitter): Promise<JobRecord>;
  readonly webhooks: Pick<WebhookQueue, 'deliveries'>;
  planJob(request: SubmitRequest, tenant: string): Promise<PlanWire>;
  readonly controlJob: Readonly<Record<JobCommand, (id: string) => Promise<JobRecord>>>;
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

export type JobCommand = 'cancel' | 'pause' | 'resume';
