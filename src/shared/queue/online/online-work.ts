/** Online requests as a worker sees them: it takes those of its queues, and replies to the API that asked. */
import type { Redis } from 'ioredis';
import { createBufferPool } from '../../process/buffer-pool.ts';
import { freeBuffer } from '../../process/free-buffer.ts';
import { batchPerTurn } from '../batch-per-turn.ts';
import { onlineKeys } from '../keys.ts';
import type { RunScript } from '../scripts.ts';
import {
  packReply,
  unpackQuestion,
  type OnlineHeader,
  type OnlineQuestion,
  type OnlineReply,
  type Remover,
} from './online-format.ts';

export interface TakenRequest {
  readonly id: string;
  /** The size of the request, as it counts towards the limits. */
  readonly bytes: number;
  /** Time until its deadline, ms. */
  readonly ttlMs: number;
  readonly api: string;
  /** Null: an API of another version asks, in a form that this version does not know. */
  readonly question: OnlineQuestion | null;
}

export interface TakenRequests {
  readonly requests: readonly TakenRequest[];
  /** Requests that still wait. */
  readonly left: number;
}

/** A worker takes no more requests at once after this many bytes. */
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_REQUESTS = 64;
/** Limits the bytes of the buffers that are kept for the next large bodies. */
const FREE_BYTES = 16 * 1024 * 1024;

const MAX_REPLY_BYTES = 16 * 1024 * 1024;
/**
 * Redis closes the connection of a subscriber that has 32 MB to receive, or 8 MB for a minute. So larger replies are
 * keys, which the API fetches one by one.
 */
const MAX_MESSAGE_BYTES = 64 * 1024;
/** The API fetches a reply at once. */
const REPLY_MS = 30_000;

function tooLong(bytes: number): OnlineReply {
  const size = Math.ceil(bytes / 1024 / 1024);
  const message = `The answers have ${size} MB, more than the 16 MB of one reply. Ask for fewer rows at once, or run a job.`;
  return { refused: { code: 'request_too_large', message } };
}

export type OnlineWork = ReturnType<typeof createOnlineWork>;

/**
 * `run`: byte scripts on a connection of their own, because payloads are large. `subscriber`: also receives other
 * messages.
 */
export function createOnlineWork(deps: { worker: string; redis: Redis; run: RunScript; subscriber: Redis }) {
  const { worker, redis, run, subscriber } = deps;
  const channel = onlineKeys.worker(worker);
  const buffers = createBufferPool(FREE_BYTES);

  /** The replies of one turn go to Redis together. */
  const send = batchPerTurn<PackedReply, void>(
    async (_, replies) => {
      const args = replies.flatMap(({ request: { id, bytes, api }, tenant, text }) => [
        `${id}/${bytes}`,
        onlineKeys.request(id),
        onlineKeys.body(id),
        onlineKeys.openOf(tenant),
        onlineKeys.bytesOf(tenant),
        onlineKeys.replies(api),
        onlineKeys.reply(id),
        id,
        text,
      ]);
      await run('reply-online', [onlineKeys.open, onlineKeys.bytes], [MAX_MESSAGE_BYTES, REPLY_MS, ...args]);
      return replies.map(() => undefined);
    },
    ({ text }) => text.length,
  );

  /** Leaves out requests that have ended meanwhile. */
  async function withBodies(apart: readonly Apart[]): Promise<TakenRequest[]> {
    const asked = redis.pipeline();
    for (const { id } of apart) asked.getBuffer(onlineKeys.body(id));
    const found = await asked.exec();
    return apart.flatMap(({ header, bytes, ...request }, i) => {
      const [error, body] = found![i]!;
      if (error !== null) throw error;
      if (!Buffer.isBuffer(body)) return [];
      // A body waits for a lane. For so long, the pool's buffer is cheaper than the one that the client has made.
      const own = buffers.take(body.length);
      body.copy(own);
      freeBuffer(body);
      return [{ ...request, bytes: bytes + own.length, question: { header, body: own } }];
    });
  }

  return {
    /** Shows APIs that this worker lives. `onLeft` is called with the id of a request whose caller has gone. */
    async listen(onLeft: (id: string) => void): Promise<void> {
      subscriber.on('message', (from: string, id: string) => {
        if (from === channel && id !== '') onLeft(id);
      });
      await subscriber.subscribe(channel);
    },
    /**
     * Takes the most urgent requests. Among equals, it takes the oldest. The last of them may exceed `rows` by the rows
     * of one request.
     */
    async take(queue: string, rows: number): Promise<TakenRequests> {
      const keys = [onlineKeys.waiting(queue), onlineKeys.prioritised(queue)];
      const args = [onlineKeys.request(''), worker, rows, MAX_BYTES, MAX_REQUESTS, onlineKeys.body('')];
      const [left, ...taken] = (await run('take-online', keys, args)) as [number, ...(Buffer | number)[]];
      const requests: TakenRequest[] = [];
      const apart: Apart[] = [];
      for (let i = 0; i < taken.length; i += 3) {
        const stored = taken[i + 2] as Buffer;
        const packed = unpackQuestion(stored.subarray('w'.length));
        if (packed === null) continue;
        const { api, question } = packed;
        const request = { id: String(taken[i]), bytes: stored.length, ttlMs: taken[i + 1] as number, api };
        if (question?.body === 'apart') apart.push({ ...request, header: question.header });
        else requests.push({ ...request, question: question as OnlineQuestion | null });
      }
      if (apart.length > 0) requests.push(...(await withBodies(apart)));
      return { requests, left };
    },
    /** The request has ended, and nothing reads its body any more. */
    release({ question }: Pick<TakenRequest, 'question'>): void {
      if (question !== null) buffers.giveBack(question.body);
    },
    /** Whether requests of the queue wait. */
    async anyWaits(queue: string): Promise<boolean> {
      return (await redis.exists(onlineKeys.waiting(queue))) === 1;
    },
    async reply(request: Pick<TakenRequest, 'id' | 'bytes' | 'api' | 'question'>, reply: OnlineReply) {
      const tenant = request.question?.header.tenant;
      const remover: Remover = tenant === undefined ? 'api' : 'worker';
      const text = packReply(request.id, reply, remover);
      const bytes = Buffer.byteLength(text);
      const fitting = bytes <= MAX_REPLY_BYTES ? text : packReply(request.id, tooLong(bytes), remover);
      // The question was not understood, so its tenant is unknown and the API must remove the request.
      if (tenant === undefined) await redis.publish(onlineKeys.replies(request.api), fitting);
      else await send('', { request, tenant, text: fitting });
    },
  };
}

/** A request whose body has a key of its own. `bytes`: without it. */
interface Apart extends Omit<TakenRequest, 'question'> {
  readonly header: OnlineHeader;
}

interface PackedReply {
  readonly request: Pick<TakenRequest, 'id' | 'bytes' | 'api'>;
  readonly tenant: string;
  readonly text: string;
}
