/** Every Redis key of Forebay, and the names of its BullMQ queues. */
import type { ModelRef } from '../domain/model/model-config.ts';
import { DEFAULT_TENANT } from '../domain/tenant.ts';
import { sha256 } from '../text/sha256.ts';
import { KEY_PREFIX as PREFIX } from './key-prefix.ts';

/** Prefix of BullMQ's keys. Only BullMQ reads and writes below it, except that place-blocks.lua moves waiting blocks. */
export const BULLMQ_PREFIX = `${PREFIX}:queues`;

export const jobKeys = (job: string) => ({
  /** Hash: spec, status, counters. */
  job: `${PREFIX}:{${job}}:job`,
  /** Hash block -> `<generation>|<rows>`: the job's blocks that are queued or running. Its size is the window in use. */
  window: `${PREFIX}:{${job}}:window`,
  /** Hash block -> `<run token>`: the runs in progress. */
  runs: `${PREFIX}:{${job}}:runs`,
  /**
   * Hash block -> number of runs begun, without runs that were handed back unfinished. `<block>:failed` -> number of
   * failed runs. Only for blocks in the window.
   */
  attempts: `${PREFIX}:{${job}}:attempts`,
  /** Hash block -> the row that was running when a run died (domain/row-journal.ts). */
  journal: `${PREFIX}:{${job}}:journal`,
  /** Hash block -> error message of the block's last failed run. Only for blocks in the window. */
  errors: `${PREFIX}:{${job}}:errors`,
  /** Hash block -> hashes of the parts that the block's runs announced, separated by spaces. Only for uncommitted blocks. */
  parts: `${PREFIX}:{${job}}:parts`,
  /** List of records of parts (JSON, domain/part-record.ts) that the feeder has not yet moved to the output. Expires. */
  records: `${PREFIX}:{${job}}:records`,
  /** Bitmap of committed blocks. */
  committed: `${PREFIX}:{${job}}:committed`,
  /** Stream of the last events. */
  events: `${PREFIX}:{${job}}:events`,
  /** Hash of summed stage times and counts. */
  stats: `${PREFIX}:{${job}}:stats`,
  /** String: token of the process that holds the job's lease: a feeder, or the submitter that opens the output. */
  lease: `${PREFIX}:{${job}}:lease`,
  /** Hash: `secret` of the job's webhook, and its events `end` and `progress` (JSON). */
  webhook: `${PREFIX}:{${job}}:webhook`,
  /** List of the webhook's last attempts (JSON), newest first. */
  deliveries: `${PREFIX}:{${job}}:deliveries`,
});

export const indexKeys = {
  /** Sorted set of all job ids, each with score 0, because ids sort by time. */
  jobs: `${PREFIX}:{index}:jobs`,
  /** Set of ids of jobs that have not ended. */
  active: `${PREFIX}:{index}:active`,
  /** Hash id -> tenant of the jobs in `active`. */
  tenants: `${PREFIX}:{index}:tenants`,
  /** Sorted set of one tenant's job ids, like `jobs`. */
  jobsOf: (tenant: string) => `${PREFIX}:{index}:jobs:${tenant}`,
  /** Sorted set `<job>/<bytes>` by expiry in ms: bytes that a tenant's ended jobs left on storage. */
  storedOf: (tenant: string) => `${PREFIX}:{index}:stored:${tenant}`,
  /** Hash key id -> JSON of an API key's record, its secret hashed (shared/keys/). */
  keys: `${PREFIX}:{index}:keys`,
  /** Hash worker id -> JSON of the worker's last heartbeat. */
  workers: `${PREFIX}:{index}:workers`,
  /** Sorted set of worker ids by time of the last heartbeat. */
  beats: `${PREFIX}:{index}:beats`,
  /** Hash worker id -> `drain` or `resume`: what an operator last asked of it (workers/intake-orders.ts). */
  orders: `${PREFIX}:{index}:orders`,
  /**
   * Hash queue -> `<load or unload> <id> <time>`: what operators last asked of workers (workers/model-orders.ts). The
   * key has an older name.
   */
  modelOrders: `${PREFIX}:{index}:wishes`,
  /** Hash queue -> JSON of a pipeline that a job gave in its request (workers/inline-pipelines.ts). */
  pipelines: `${PREFIX}:{index}:pipelines`,
  /** String: JSON of how many workers a pool was last said to need (workers/scale-memory.ts). Expires. */
  scaleOf: (pool: string) => `${PREFIX}:{index}:scale:${pool}`,
  /** String: token of the process that sweeps. */
  sweeper: `${PREFIX}:{index}:sweeper`,
  /** Sorted set of ids of jobs with a webhook that has more to send, by the time when it is due. */
  webhooks: `${PREFIX}:{index}:webhooks`,
} as const;

/**
 * String `<job id> <digest of the request>`: the job that an `Idempotency-Key` created. The key is hashed, because it may
 * be any text.
 */
export function idempotencyKey(key: string, tenant: string): string {
  const hash = sha256(key);
  return tenant === DEFAULT_TENANT
    ? `${PREFIX}:idempotency:${hash}`
    : `${PREFIX}:idempotency:${tenant}:${hash}`;
}

/** String: id of the job that writes into an output folder. */
export function outputKey(folder: string): string {
  return `${PREFIX}:output:${sha256(folder)}`;
}

/** This key never exists. Setting it only if it exists (`XX`) tests whether Redis accepts writes. */
export const writeCheckKey = `${PREFIX}:write-check`;

export const queueKeys = (queue: string) => ({
  /** Set of `<job>/<block>`: the queue's slots in use. */
  slots: `${PREFIX}:{${queue}}:places`,
  /** Hash job -> `<priority>:<time in ms until which it wants slots>`. */
  feeders: `${PREFIX}:{${queue}}:feeders`,
  /**
   * Hash job, or priority and tenant -> its share, with the rows that it was served (scripts/take-slots.lua), while it
   * uses the queue. Expires.
   */
  shares: `${PREFIX}:{${queue}}:shares`,
  /** Sorted set: the jobs and tenants in `shares`, sorted by whose turn it is (scripts/take-slots.lua). Expires. */
  turns: `${PREFIX}:{${queue}}:turns`,
  /** Hash: numbers of slots, so that they need not be counted (scripts/take-slots.lua). Expires. */
  tallies: `${PREFIX}:{${queue}}:tallies`,
  /** String: rows per second that one worker was last measured to compute. Expires. */
  rate: `${PREFIX}:{${queue}}:rate`,
});

/** Matches all keys of Forebay and of BullMQ. */
export const EVERY_KEY = `${PREFIX}:*`;

/** The queue that a key belongs to, if the key holds its slots or BullMQ's metadata. Else null. */
export function queueOfKey(key: string): string | null {
  if (!key.startsWith(`${PREFIX}:`)) return null;
  const [, slots, meta] = /^(?:\{(.+)\}:places|queues:(.+):meta)$/.exec(key.slice(PREFIX.length + 1)) ?? [];
  return slots ?? meta ?? null;
}

export const sampleKeys = (worker: string) => ({
  /** List of ids of sample requests that wait for the worker. Expires. */
  waiting: `${PREFIX}:{worker ${worker}}:samples`,
  /** String: a request. Expires when nobody waits for its answer any more. */
  request: (id: string) => `${PREFIX}:{worker ${worker}}:sample:${id}`,
  /** String: the answer. Expires. */
  reply: (id: string) => `${PREFIX}:{worker ${worker}}:sampled:${id}`,
});

export const onlineKeys = {
  /**
   * String: a request that waits (`w`, its header and a body that is not large), or the worker that has taken it (`t`
   * and its id). Expires.
   */
  request: (id: string) => `${PREFIX}:{online}:request:${id}`,
  /** String: the large body of a request, until it is answered. Expires. */
  body: (id: string) => `${PREFIX}:{online}:body:${id}`,
  /** List of ids of requests that wait for a worker of the queue. Expires. */
  waiting: (queue: string) => `${PREFIX}:{online}:waiting:${queue}`,
  /** String: some of the requests in `waiting` have a priority other than the default. Expires. */
  prioritised: (queue: string) => `${PREFIX}:{online}:prioritised:${queue}`,
  /** Sorted set `<id>/<bytes>` by deadline in ms: the requests that have not ended. Expires. */
  open: `${PREFIX}:{online}:open`,
  /** Number: the bytes of all requests in `open`. Expires. */
  bytes: `${PREFIX}:{online}:bytes`,
  /** The same as `open` and `bytes`, for one tenant. Only if tenants are limited. Both expire. */
  openOf: (tenant: string) => `${PREFIX}:{online}:open:${tenant}`,
  bytesOf: (tenant: string) => `${PREFIX}:{online}:bytes:${tenant}`,
  /** String: a reply that is too large for a message. Expires. */
  reply: (id: string) => `${PREFIX}:{online}:reply:${id}`,
  /** Channel of an API process. Its messages are described in online-messages.ts. */
  replies: (api: string) => `${PREFIX}:online:replies:${api}`,
  /** Channel of a worker, with the messages of online-messages.ts. The worker is alive while it subscribes to it. */
  worker: (worker: string) => `${PREFIX}:online:worker:${worker}`,
} as const;

/**
 * Channels of wake-ups. Each kind has its own, so that a commit does not wake every worker. Sweeps make up for lost
 * messages.
 */
export const WAKE_CHANNELS = {
  /** A job needs a feeder, its state has changed, or a block has left the queue uncommitted. Message: the job's id. */
  job: `${PREFIX}:wake:job`,
  /** Blocks were committed. The message is described at `readProgress`. */
  progress: `${PREFIX}:wake:progress`,
  /** Blocks were added. Message: the queue's name. */
  queue: `${PREFIX}:wake:queue`,
  /** Blocks were added that have a better priority than others on the queue. Message: the queue's name. */
  urgent: `${PREFIX}:wake:urgent`,
  /** Slots were freed. Message: the queue's name. */
  slots: `${PREFIX}:wake:places`,
  /** Slots were freed on a queue with many waiting jobs. Message: the id of a job that may take one. */
  turn: `${PREFIX}:wake:turn`,
  /** Workers have started or left, or the state of their models or their memory has changed. */
  workers: `${PREFIX}:wake:workers`,
  /** Workers are asked to load or unload a model. Message: the queue's name. The channel has an older name. */
  modelOrder: `${PREFIX}:wake:wish`,
  /** A worker is asked to drain or to resume. Message: the worker's id. */
  order: `${PREFIX}:wake:order`,
  /** An online request waits. Message: the queue's name. */
  online: `${PREFIX}:wake:online`,
  /** A sample request waits. Message: the worker's id. */
  sample: `${PREFIX}:wake:sample`,
  /** A sample request was answered. Message: the request's id. */
  sampled: `${PREFIX}:wake:sampled`,
} as const;

/** One block queue per pool and model (name + content hash). */
export function blockQueueName(model: ModelRef): string {
  return `${model.pool}.${model.name}.${model.hash.slice(0, 12)}`;
}
