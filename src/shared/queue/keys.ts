/**
 * Every Redis key of Forebay, and the names of its BullMQ queues. Keys of one job share the job's id as hash tag, keys of
 * one queue the queue's name. A Redis cluster can then keep them on one server.
 */
import { createHash } from 'node:crypto';
import type { ModelRef } from '../domain/model-config.ts';
import { DEFAULT_TENANT } from '../domain/tenant.ts';

const P = 'forebay';

/** Prefix of BullMQ's keys. Only BullMQ reads and writes below it. */
export const BULLMQ_PREFIX = `${P}:queues`;

export const jobKeys = (job: string) => ({
  /** Hash: spec, status, counters. */
  job: `${P}:{${job}}:job`,
  /** Hash block -> `<generation>|<rows>`: the job's blocks that are queued or running. Its size is the window in use. */
  window: `${P}:{${job}}:window`,
  /** Hash block -> `<run token>`: the runs in progress. */
  runs: `${P}:{${job}}:runs`,
  /** Hash block -> runs begun, `<block>:failed` -> runs that ended with an error, for blocks in the window. */
  attempts: `${P}:{${job}}:attempts`,
  /** Hash block -> the row that was running when a run died (domain/row-journal.ts). */
  journal: `${P}:{${job}}:journal`,
  /** Hash block -> the message of its last failed run, for blocks in the window. */
  errors: `${P}:{${job}}:errors`,
  /** Hash block -> hashes of the parts that its runs announced, separated by spaces, for uncommitted blocks. */
  parts: `${P}:{${job}}:parts`,
  /** Bitmap of committed blocks. */
  committed: `${P}:{${job}}:committed`,
  /** Stream of the last events. */
  events: `${P}:{${job}}:events`,
  /** Hash of summed stage times and counts. */
  stats: `${P}:{${job}}:stats`,
  /** String: token of the feeder that owns the job. */
  lease: `${P}:{${job}}:lease`,
  /** Hash: `secret` of the job's webhook, and its events `end` and `progress` (JSON). */
  webhook: `${P}:{${job}}:webhook`,
  /** List of the webhook's last attempts (JSON), newest first. */
  deliveries: `${P}:{${job}}:deliveries`,
});

export const indexKeys = {
  /** Sorted set of all job ids, each with score 0, because ids sort by time. */
  jobs: `${P}:{index}:jobs`,
  /** Set of ids of jobs that have not ended. */
  active: `${P}:{index}:active`,
  /** Hash id -> tenant of the jobs in `active`. */
  tenants: `${P}:{index}:tenants`,
  /** Sorted set of one tenant's job ids, like `jobs`. */
  jobsOf: (tenant: string) => `${P}:{index}:jobs:${tenant}`,
  /** Sorted set `<job>/<bytes>` by expiry in ms: bytes that a tenant's ended jobs left on storage. */
  storedOf: (tenant: string) => `${P}:{index}:stored:${tenant}`,
  /** Hash key id -> JSON of an API key's record, its secret hashed (shared/keys/). */
  keys: `${P}:{index}:keys`,
  /** Hash worker id -> JSON of the worker's last heartbeat. */
  workers: `${P}:{index}:workers`,
  /** Sorted set of worker ids by time of the last heartbeat. */
  beats: `${P}:{index}:beats`,
  /** String: token of the process that sweeps. */
  sweeper: `${P}:{index}:sweeper`,
  /** Sorted set of ids of jobs with a webhook that has more to send, by the time when it is due. */
  webhooks: `${P}:{index}:webhooks`,
} as const;

/**
 * String `<job id> <digest of the request>`: the job that an `Idempotency-Key` created. The key is hashed, because it may
 * be any text.
 */
export function idempotencyKey(key: string, tenant: string): string {
  const hash = createHash('sha256').update(key).digest('hex');
  return tenant === DEFAULT_TENANT ? `${P}:idempotency:${hash}` : `${P}:idempotency:${tenant}:${hash}`;
}

/** String: id of the job that writes into an output folder. */
export function outputKey(folder: string): string {
  return `${P}:output:${createHash('sha256').update(folder).digest('hex')}`;
}

/** This key never exists. Setting it only if it exists (`XX`) tests whether Redis accepts writes. */
export const writeCheckKey = `${P}:write-check`;

export const queueKeys = (queue: string) => ({
  /** Set of `<job>/<block>`: the queue's slots in use. */
  slots: `${P}:{${queue}}:places`,
  /** Hash job -> `<priority>:<time in ms until which it wants slots>`. */
  feeders: `${P}:{${queue}}:feeders`,
});

/** Matches all keys of Forebay and of BullMQ. */
export const EVERY_KEY = `${P}:*`;

/** The queue that a key belongs to, if the key holds its slots or BullMQ's metadata. Else null. */
export function queueOfKey(key: string): string | null {
  const [, slots, meta] = /^forebay:(?:\{(.+)\}:places|queues:(.+):meta)$/.exec(key) ?? [];
  return slots ?? meta ?? null;
}

export const sampleKeys = (worker: string) => ({
  /** List of ids of sample requests that wait for the worker. Expires. */
  waiting: `${P}:{worker ${worker}}:samples`,
  /** String: a request. Expires when nobody waits for its answer any more. */
  request: (id: string) => `${P}:{worker ${worker}}:sample:${id}`,
  /** String: the answer. Expires. */
  reply: (id: string) => `${P}:{worker ${worker}}:sampled:${id}`,
});

/** Channels of wake-ups. Each kind has its own, so that a commit does not wake every worker. Sweeps replace lost messages. */
export const WAKE_CHANNELS = {
  /** A job's state has changed. Message: the job's id. */
  job: `${P}:wake:job`,
  /** Blocks were committed. Message: see `readProgress`. */
  progress: `${P}:wake:progress`,
  /** Blocks were added. Message: the queue's name. */
  queue: `${P}:wake:queue`,
  /** Slots were freed. Message: the queue's name. */
  slots: `${P}:wake:places`,
  /** Workers came, left or serve other models. */
  workers: `${P}:wake:workers`,
  /** A sample request waits. Message: the worker's id. */
  sample: `${P}:wake:sample`,
  /** A sample request was answered. Message: the request's id. */
  sampled: `${P}:wake:sampled`,
} as const;

/** One block queue per pool and model (name + content hash). */
export function blockQueueName(model: ModelRef): string {
  return `${model.pool}.${model.name}.${model.hash.slice(0, 12)}`;
}
