/**
 * Asks a worker over Redis to run a few rows for about a second and report. Requests and replies expire, and the caller
 * also removes its own. Knows nothing of how a sample is run.
 */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { createAlarm } from '../../process/alarm.ts';
import { decodeBlock, encodeBlock, isSlice, listedRows, type BlockSlice } from '../../domain/block.ts';
import { DATASET_SPEC } from '../../domain/dataset-spec.ts';
import { JOB_OPTIONS } from '../../domain/job/job-option-schemas.ts';
import type { RowRef } from '../../domain/row.ts';
import { DEFAULT_TENANT, TENANT } from '../../domain/tenant.ts';
import { sampleKeys, WAKE_CHANNELS } from '../keys.ts';
import type { Wake } from '../wake.ts';

const REQUEST = z.object({
  v: z.literal(1),
  id: z.string(),
  /** Queue of the model. */
  queue: z.string(),
  dataset: DATASET_SPEC,
  tenant: TENANT.default(DEFAULT_TENANT),
  /** In the form of encodeBlock. */
  rows: z.string(),
  /** The same for slices of a table, which run instead of the rows. Workers of older versions run the rows. */
  slices: z.array(z.string()).default([]),
  options: JOB_OPTIONS.partial().required({ batch_size: true, block_rows: true }),
  /** How long to measure, ms. */
  ms: z.number(),
});

export interface SampleRequest extends Omit<z.infer<typeof REQUEST>, 'rows' | 'slices' | 'v'> {
  readonly rows: readonly RowRef[];
  readonly slices: readonly BlockSlice[];
}

const REPLY = z.object({
  v: z.literal(1),
  /** Null if no row was finished, or if there was a `problem`. */
  rate: z
    .object({
      rowsPerS: z.number(),
      /** Half the 95 % confidence interval, rows/s. Null: too few batches. */
      errorRowsPerS: z.number().nullable(),
      /** The measured rows and seconds. */
      rows: z.number(),
      seconds: z.number(),
    })
    .nullable(),
  /** Rows of the sample. Each was run `passes` times. */
  rows: z.number(),
  passes: z.number(),
  lanes: z.number(),
  /** The mean over the rows that could be read. */
  meanRowBytes: z.number().nullable(),
  /** Stage -> milliseconds per row, as in a job's stats. */
  stageMs: z.record(z.string(), z.number()),
  failedRows: z.number(),
  /** The first failure of each code, with the number of rows that failed with that code. */
  errors: z.array(z.object({ code: z.string(), rows: z.number(), message: z.string() })),
  /** The highest number of blocks of jobs that shared the lanes with the sample. */
  blocksBeside: z.number(),
  problem: z.string().nullable(),
});

export type SampleReply = Omit<z.infer<typeof REPLY>, 'v'>;

export type SampleAnswer =
  | { readonly ok: true; readonly reply: SampleReply }
  /** `why`: in words. */
  | { readonly ok: false; readonly why: string };

/** Requests that may wait for one worker. It runs one at a time, for one to five seconds. */
const MAX_WAITING = 3;
const REPLY_TTL_MS = 10_000;
/** A lost wake-up delays the answer by at most this. */
const SWEEP_MS = 250;

export type SampleRequests = ReturnType<typeof createSampleRequests>;

export function createSampleRequests(deps: { redis: Redis; wake: Wake }) {
  const { redis, wake } = deps;

  async function awaitReply(key: string, id: string, waitMs: number): Promise<SampleReply | null> {
    const alarm = createAlarm();
    const undo = wake.on('sampled', (sampled) => sampled === id && alarm.ring());
    const timeUp = AbortSignal.timeout(waitMs);
    try {
      for (;;) {
        const text = await redis.get(key);
        if (text !== null) return REPLY.parse(JSON.parse(text));
        if (timeUp.aborted) return null;
        await alarm.wait(SWEEP_MS, timeUp);
      }
    } finally {
      undo();
    }
  }

  return {
    /** Waits up to `waitMs` for a worker's answer. Rejects only when Redis is unavailable. */
    async ask(worker: string, request: Omit<SampleRequest, 'id'>, waitMs: number): Promise<SampleAnswer> {
      const keys = sampleKeys(worker);
      const id = randomUUID();
      if ((await redis.llen(keys.waiting)) >= MAX_WAITING) {
        return { ok: false, why: `worker ${worker} already has ${MAX_WAITING} samples to run` };
      }
      const rows = encodeBlock({ firstRow: 0, rows: request.rows });
      const slices = request.slices.map(encodeBlock);
      const text = JSON.stringify({ ...request, v: 1, id, rows, slices } satisfies z.infer<typeof REQUEST>);
      await redis
        .multi()
        .set(keys.request(id), text, 'PX', waitMs)
        .rpush(keys.waiting, id)
        .pexpire(keys.waiting, waitMs)
        .publish(WAKE_CHANNELS.sample, worker)
        .exec();
      try {
        const reply = await awaitReply(keys.reply(id), id, waitMs);
        if (reply) return { ok: true, reply };
        return { ok: false, why: `worker ${worker} did not answer within ${waitMs / 1000} s` };
      } finally {
        await redis.multi().del(keys.request(id), keys.reply(id)).lrem(keys.waiting, 0, id).exec();
      }
    },

    /** The next request for a worker, or null. */
    async take(worker: string): Promise<SampleRequest | null> {
      const keys = sampleKeys(worker);
      for (;;) {
        const id = await redis.lpop(keys.waiting);
        if (id === null) return null;
        const text = await redis.getdel(keys.request(id));
        const parsed = text === null ? null : REQUEST.safeParse(JSON.parse(text));
        // The request has expired or is of another version. The caller gets no answer and continues without one.
        if (!parsed?.success) continue;
        const { rows, slices } = parsed.data;
        return {
          ...parsed.data,
          rows: listedRows(decodeBlock(rows)).rows,
          slices: slices.map(decodeBlock).filter(isSlice),
        };
      }
    },

    async answer(worker: string, id: string, reply: SampleReply): Promise<void> {
      const text = JSON.stringify({ v: 1, ...reply } satisfies z.infer<typeof REPLY>);
      await redis
        .multi()
        .set(sampleKeys(worker).reply(id), text, 'PX', REPLY_TTL_MS)
        .publish(WAKE_CHANNELS.sampled, id)
        .exec();
    },
  };
}
