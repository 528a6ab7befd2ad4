/**
 * Every Redis key of Forebay's own, and the names of its BullMQ queues. Keys of one job share the job's id
 * as hash tag, keys of one queue the queue's name, so that each script touches one slot of a cluster.
 */
import { createHash } from 'node:crypto';
import type { ModelRef } from '../domain/model-config.ts';
import { DEFAULT_TENANT } from '../domain/tenant.ts';

const P = 'forebay';

/** Prefix of BullMQ's own keys; nothing of Forebay reads or writes below it but BullMQ. */
export const BULLMQ_PREFIX = `${P}:queues`;

export const jobKeys = (job: string) => ({
  /** Hash: spec, status, counters. */
  job: `${P}:{${job}}:job`,
  /** Hash block -> `<generation>|<rows>`: the job's blocks queued or running. Its size is the window in use. */
  window: `${P}:{${job}}:window`,
  /** Hash block -> `<run token>`: the runs in progress. */
  runs: `${P}:{${job}}:runs`,
  /** Hash block -> runs begun so far, `<block>:failed` -> those that ended with an error; for blocks in the window. */
  attempts: `${P}:{${job}}:attempts`,
  /** Hash block -> which row was in work, where a run of it has died (domain/row-journal.ts). */
  journal: `${P}:{${job}}:journal`,
  /** Hash block -> what its last failed run said, for blocks in the window. */
  errors: `${P}:{${job}}:errors`,
  /** Hash block -> hashes of the parts that its runs announced, separated by spaces; for blocks not committed. */
  parts: `${P}:{${job}}:parts`,
  /** Bitmap of committed blocks. */
  committed: `${P}:{${job}}:committed`,
  /** Stream of the last events. */
  events: `${P}:{${job}}:events`,
  /** Hash of summed stage times and counts. */
  stats: `${P}:{${job}}:stats`,
  /** String: token of the feeder that owns the job. */
  lease: `${P}:{${job}}:lease`,
  /** Hash: secret of the job's webhook, and its events (JSON): `end`, `progress`. */
  webhook: `${P}:{${job}}:webhook`,
  /** List of the webhook's last tries (JSON), newest first. */
  deliveries: `${P}:{${job}}:deliveries`,
});

export const indexKeys = {
  /** Sorted set of all job ids, score 0: ids sort by time. */
  jobs: `${P}:{index}:jobs`,
  /** Set of ids of jobs that have not ended. */
  active: `${P}:{index}:active`,
  /** Hash id -> tenant of the jobs in `active`. */
  tenants: `${P}:{index}:tenants`,
  /** Sorted set of a tenant's job ids, as `jobs`. */
  jobsOf: (tenant: string) => `${P}:{index}:jobs:${tenant}`,
  /** Sorted set `<job>/<bytes>` by expiry in ms: what a tenant's ended jobs left on storage. */
  storedOf: (tenant: string) => `${P}:{index}:stored:${tenant}`,
  /** Hash key id -> JSON of an API key's record, its secret hashed (shared/keys/). */
  keys: `${P}:{index}:keys`,
  /** Hash worker id -> JSON of the worker's last heartbeat. */
  workers: `${P}:{index}:workers`,
  /** Sorted set of worker ids by time of the last heartbeat. */
  beats: `${P}:{index}:beats`,
  /** String: token of the process that sweeps. */
  sweeper: `${P}:{index}:sweeper`,
  /** Sorted set of ids of jobs with a webhook that is not through, by the time of the next look at it. */
  webhooks: `${P}:{index}:webhooks`,
} as const;

/** String `<job id> <digest of the request>`: the job that an `Idempotency-Key` of a tenant made. Hashed: it may hold anything. */
export function idempotencyKey(key: string, tenant: string): string {
  const hash = createHash('sha256').update(key).digest('hex');
  return tenant === DEFAULT_TENANT ? `${P}:idempotency:${hash}` : `${P}:idempotency:${tenant}:${hash}`;
}

/** String: id of the job that writes into an output folder. */
export function outputKey(folder: string): string {
  return `${P}:output:${createHash('sha256').update(folder).digest('hex')}`;
}

/** Never exists: writing to it only where it does asks whether Redis takes writes. */
export const writeCheckKey = `${P}:write-check`;

export const queueKeys = (queue: string) => ({
  /** Set of `<job>/<block>`: the queue's slots in use. */
  slots: `${P}:{${queue}}:places`,
  /** Hash job -> `<priority>:<ms until which it wants slots>`. */
  feeders: `${P}:{${queue}}:feeders`,
});

/** All keys of Forebay's own and of its queues. */
export const EVERY_KEY = `${P}:*`;

/** The queue whose slots or BullMQ's description of it a key holds; null for any other key. */
export function queueOfKey(key: string): string | null {
  const [, slots, meta] = /^forebay:(?:\{(.+)\}:places|queues:(.+):meta)$/.exec(key) ?? [];
  return slots ?? meta ?? null;
}

export const sampleKeys = (worker: string) => ({
  /** List of ids of sample requests that the worker has not begun. Expires. */
  waiting: `${P}:{worker ${worker}}:samples`,
  /** String: a request. Expires with its usefulness, so that nobody works for an asker who is gone. */
  request: (id: string) => `${P}:{worker ${worker}}:sample:${id}`,
  /** String: the answer. Expires. */
  reply: (id: string) => `${P}:{worker ${worker}}:sampled:${id}`,
});

/**
 * Channels of wake-ups, one a kind, so that a commit does not wake every worker: `job` (its state has changed; message:
 * its id), `progress` (blocks were committed; what `readProgress` reads), `queue` (blocks added; its name), `slots`
 * (freed; the queue's name), `workers`, `sample` (a request waits; its worker), `sampled` (it is answered; its id).
 * Lost messages are made good by sweeps.
 */
export const WAKE_CHANNELS = {
  job: `${P}:wake:job`,
  progress: `${P}:wake:progress`,
  queue: `${P}:wake:queue`,
  slots: `${P}:wake:places`,
  workers: `${P}:wake:workers`,
  sample: `${P}:wake:sample`,
  sampled: `${P}:wake:sampled`,
} as const;

/** One block queue per pool and model (name + content hash). */
export function blockQueueName(model: ModelRef): string {
  return `${model.pool}.${model.name}.${model.hash.slice(0, 12)}`;
}
