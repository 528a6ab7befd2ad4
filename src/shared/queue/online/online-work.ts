/** Online requests as a worker sees them: it takes those of its queues, and replies to the API that asked. */
import { existsSync, readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { createBufferPool } from '../../process/buffer-pool.ts';
import { freeBuffer } from '../../process/free-buffer.ts';
import { batchPerTurn } from '../batch-per-turn.ts';
import { onlineKeys } from '../keys.ts';
import type { RunScript } from '../scripts.ts';
import type { BodyFolder } from './body-folder.ts';
import { notHadMessage, readWorkerMessage, type HandedMessage } from './online-messages.ts';
import {
  packReply,
  unpackQuestion,
  type FoundQuestion,
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
/** Limits the bodies that wait for their requests. If a request comes at all, it comes right after its body. */
const MAX_BODIES = 16;
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
export function createOnlineWork(deps: {
  worker: string;
  redis: Redis;
  run: RunScript;
  subscriber: Redis;
  /** The folder that this worker has announced. Absent: none. */
  folder?: BodyFolder | undefined;
}) {
  const { worker, redis, run, subscriber, folder } = deps;
  const channel = onlineKeys.worker(worker);
  const buffers = createBufferPool(FREE_BYTES);
  /** Ids of the requests that it has. */
  const held = new Set<string>();
  /** Calls of `take` that Redis has not answered yet. */
  let takes = 0;
  /** Bodies whose requests have not come yet, by id. */
  const bodies = new Map<string, Buffer>();

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
    const found = await asked.exec().catch((error: unknown) => {
      // The API looks for them and asks again.
      for (const { id } of apart) held.delete(id);
      throw error;
    });
    return apart.flatMap(({ header, bytes, ...request }, i) => {
      const [error, body] = found![i]!;
      if (error !== null) throw error;
      if (!Buffer.isBuffer(body)) {
        held.delete(request.id);
        return [];
      }
      const own = keep(body, body);
      return [{ ...request, bytes: bytes + own.length, question: { header, body: own } }];
    });
  }

  /**
   * Copies a body into a buffer of the pool, which is cheaper to keep while the body waits for a lane. `received`: the
   * client's buffer with the body, which is freed.
   */
  function keep(body: Buffer, received: Buffer): Buffer {
    const own = buffers.take(body.length);
    body.copy(own);
    freeBuffer(received);
    return own;
  }

  function bodyCame(id: string, body: Buffer): void {
    bodies.set(id, body);
    const [oldest] = bodies;
    if (bodies.size <= MAX_BODIES || oldest === undefined) return;
    // Its request was refused, or waits on the list with its body.
    const [unasked, unused] = oldest;
    bodies.delete(unasked);
    buffers.giveBack(unused);
  }

  /** Null if the request is not understood, or its body is missing. In the latter case its API has been told. */
  function handedIn({ id, ttlMs, packed }: HandedMessage): TakenRequest | null {
    const unpacked = unpackQuestion(packed);
    if (unpacked === null) return null;
    const { api, question } = unpacked;
    const request = { id, api, ttlMs, bytes: 'w'.length + packed.length };
    held.add(id);
    if (question?.body !== 'apart') return begun(request, question);
    const { header } = question;
    const sent = bodies.get(id);
    bodies.delete(id);
    if (sent === undefined) {
      notHad(request);
      return null;
    }
    return { ...request, bytes: request.bytes + sent.length, question: { header, body: sent } };
  }

  /**
   * A request whose body need not be fetched. A lane reads the file of a single row itself. Returns null if this worker
   * does not share the folder, or if the file is gone. Its API has then been told.
   */
  function begun(request: Unread, question: FoundQuestion | null): TakenRequest | null {
    if (question === null) return { ...request, question };
    const { header, body } = question;
    if (Buffer.isBuffer(body)) return { ...request, question: { header, body } };
    const bytes = request.bytes + body.bytes;
    const path = body.folder === folder?.id ? folder.pathOf(request.id) : null;
    try {
      if (path !== null) {
        const found = header.body === 'file' ? { path, bytes: body.bytes } : readFileSync(path);
        return { ...request, bytes, question: { header, body: found } };
      }
    } catch {
      // The file is gone: the request has ended, or somebody has emptied the folder.
    }
    notHad(request);
    return null;
  }

  /** The request has ended, and nothing reads its body any more. */
  function release({ question }: Pick<TakenRequest, 'question'>): void {
    if (question !== null && Buffer.isBuffer(question.body)) buffers.giveBack(question.body);
  }

  /** Tells the API to ask again. If this message is lost, the API looks for the request later. */
  function notHad({ id, api }: Pick<TakenRequest, 'id' | 'api'>): void {
    held.delete(id);
    redis.publish(onlineKeys.replies(api), notHadMessage(id)).catch(() => {});
  }

  return {
    /**
     * Shows APIs that this worker lives. `onLeft` is called with the id of a request whose caller has gone, and `onHanded`
     * with a request that the worker has offered to take.
     */
    async listen(
      onLeft: (id: string) => void,
      onHanded: (queue: string, request: TakenRequest) => void,
    ): Promise<void> {
      subscriber.on('messageBuffer', (from: Buffer, bytes: Buffer) => {
        const message = from.toString() === channel ? readWorkerMessage(bytes) : null;
        if (message === null) return;
        switch (message.is) {
          case 'left':
            return onLeft(message.id);
          case 'body':
            return bodyCame(message.id, keep(message.body, bytes));
          case 'looked_for':
            // Requests that are being taken are not in `held` yet. The API looks for them again.
            if (takes > 0) return;
            for (const id of message.ids) if (!held.has(id)) notHad({ id, api: message.api });
            return;
          case 'handed': {
            const request = handedIn(message);
            if (request !== null) onHanded(message.queue, request);
          }
        }
      });
      await subscriber.subscribe(channel);
    },
    /** Returns a request that this worker was handed and does not answer. */
    giveBack(request: TakenRequest): void {
      release(request);
      notHad(request);
    },
    /**
     * Takes the most urgent requests. Among equals, it takes the oldest. The last of them may exceed `rows` by the rows
     * of one request.
     */
    async take(queue: string, rows: number): Promise<TakenRequests> {
      const keys = [onlineKeys.waiting(queue), onlineKeys.prioritised(queue)];
      const args = [onlineKeys.request(''), worker, rows, MAX_BYTES, MAX_REQUESTS, onlineKeys.body('')];
      takes += 1;
      const answer = run('take-online', keys, args).finally(() => (takes -= 1));
      const [left, ...taken] = (await answer) as [number, ...(Buffer | number)[]];
      const requests: TakenRequest[] = [];
      const apart: Apart[] = [];
      for (let i = 0; i < taken.length; i += 3) {
        const stored = taken[i + 2] as Buffer;
        const packed = unpackQuestion(stored.subarray('w'.length));
        if (packed === null) continue;
        const { api, question } = packed;
        const request = { id: String(taken[i]), bytes: stored.length, ttlMs: taken[i + 1] as number, api };
        held.add(request.id);
        if (question?.body === 'apart') apart.push({ ...request, header: question.header });
        else {
          const own = begun(request, question);
          if (own !== null) requests.push(own);
        }
      }
      if (apart.length > 0) requests.push(...(await withBodies(apart)));
      return { requests, left };
    },
    release,
    /** The request has been replied to, or nobody needs a reply. */
    forget: (id: string) => void held.delete(id),
    /** Whether requests of the queue wait. */
    async anyWaits(queue: string): Promise<boolean> {
      return (await redis.exists(onlineKeys.waiting(queue))) === 1;
    },
    /**
     * `offers`: whether the API may hand this worker the next request of the queue. Sends nothing if the body was a file
     * that is gone, because a lane may not have found it. If the API still waits, it asks again through Redis: it has
     * removed the file itself, or it learns that this worker no longer has the request.
     */
    async reply(
      request: Pick<TakenRequest, 'id' | 'bytes' | 'api' | 'question'>,
      reply: OnlineReply,
      offers = false,
    ) {
      if (isGone(request)) return;
      const tenant = request.question?.header.tenant;
      const remover: Remover = tenant === undefined ? 'api' : 'worker';
      const pack = (one: OnlineReply) => packReply(request.id, one, remover, offers ? worker : '');
      const text = pack(reply);
      const bytes = Buffer.byteLength(text);
      const fitting = bytes <= MAX_REPLY_BYTES ? text : pack(tooLong(bytes));
      // The question was not understood, so its tenant is unknown and the API must remove the request.
      if (tenant === undefined) await redis.publish(onlineKeys.replies(request.api), fitting);
      else await send('', { request, tenant, text: fitting });
    },
  };
}

function isGone({ question }: Pick<TakenRequest, 'question'>): boolean {
  return question !== null && 'path' in question.body && !existsSync(question.body.path);
}

/** `bytes`: without a body that is elsewhere. */
type Unread = Omit<TakenRequest, 'question'>;

/** A request whose body has a key of its own. */
interface Apart extends Unread {
  readonly header: OnlineHeader;
}

interface PackedReply {
  readonly request: Pick<TakenRequest, 'id' | 'bytes' | 'api'>;
  readonly tenant: string;
  readonly text: string;
}
