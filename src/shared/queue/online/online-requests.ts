/**
 * Asks workers over Redis for answers at once, on behalf of one API process. Redis holds a payload until a worker takes
 * it, or passes it straight to an idle worker. The process keeps it until the reply comes, so that another worker can
 * take it if the first one dies (ADR 27).
 *
 * A request is `asked` once, or `asked_again` after its worker has died or its reply may be lost. It ends with the reply,
 * at its deadline, when its caller leaves, or when its second worker dies too.
 */
import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { ForebayError } from '../../errors.ts';
import { batchPerTurn } from '../batch-per-turn.ts';
import { onlineKeys, WAKE_CHANNELS } from '../keys.ts';
import type { RunScript } from '../scripts.ts';
import type { BodyFolder } from './body-folder.ts';
import { readApiMessage } from './online-messages.ts';
import { CallerGone, type WaitingCaller } from './waiting-caller.ts';
import { createOffers } from './worker-offers.ts';
import {
  bytesOfQuestion,
  LONGEST_INNER_BODY,
  LONGEST_NOTE,
  packHeader,
  unpackReply,
  type OnlineHeader,
  type OnlineRows,
} from './online-format.ts';
import { counted } from '../../text/counted.ts';

export interface OnlineRequest extends Omit<OnlineHeader, 'api'> {
  readonly queue: string;
  /** It must not change until it is unused. */
  readonly payload: Uint8Array;
  /** The id of the body folder that all workers of the queue share. Null: they share none. */
  readonly folder: string | null;
  readonly timeoutMs: number;
}

/** For all API processes together. */
export interface OnlineLimits {
  /** Requests that may be open at once. */
  readonly requests: number;
  /** Bytes of all their payloads. */
  readonly bytes: number;
  /**
   * `shared`: one tenant gets at most half of each limit, so that it cannot keep the others out. `whole`: there is one
   * tenant.
   */
  readonly tenants: 'shared' | 'whole';
}

/** What Redis holds of a request. */
interface Stored {
  head: string;
  /** The body. Empty if it is a file. */
  sent: Uint8Array;
}

interface Pending extends Stored {
  readonly id: string;
  readonly queue: string;
  readonly tenant: string;
  readonly header: OnlineHeader;
  readonly body: Uint8Array;
  /** The size of the request, as it counts towards the limits. */
  readonly bytes: number;
  /** Monotonic milliseconds. */
  readonly endsAt: number;
  state: 'asked' | 'asked_again';
  /** How often it was put into Redis. */
  puts: number;
  /** Puts that Redis has not answered. The client may send them again. */
  openPuts: number;
  /** When it was asked last. */
  askedAt: number;
  readonly resolve: (rows: OnlineRows) => void;
  readonly reject: (error: unknown) => void;
}

/** How often bodies of API processes that were killed are looked for. */
const SWEEP_MS = 60_000;
/** How often requests that take long are looked at. A dead worker delays its requests by up to twice as long. */
const LOOK_MS = 250;
const RETRY_AFTER_S = 1;

export type OnlineRequests = Awaited<ReturnType<typeof createOnlineRequests>>;

/** `subscriber`: a connection that only receives messages. `redis`, `run`: a connection for requests, and its scripts. */
export async function createOnlineRequests(deps: {
  run: RunScript;
  redis: Redis;
  subscriber: Redis;
  limits: OnlineLimits;
  /** Nothing reads the payload any more. */
  onUnused?: (payload: Uint8Array) => void;
  /** Absent: all bodies pass through Redis. */
  folder?: BodyFolder | undefined;
}) {
  const { run, redis, subscriber, limits, onUnused, folder } = deps;
  const api = randomUUID();
  const channel = onlineKeys.replies(api);
  const pending = new Map<string, Pending>();
  let looking: NodeJS.Timeout | null = null;
  const offers = createOffers(redis);
  if (folder !== undefined) {
    folder.sweep();
    setInterval(() => folder.sweep(), SWEEP_MS).unref();
  }

  await subscriber.subscribe(channel);
  subscriber.on('message', (from: string, text: string) => {
    if (from !== channel) return;
    const message = readApiMessage(text);
    if (message.is === 'reply') receive(message.text);
    else if (message.is === 'key') void fetchReply(message.id);
    else notHad(message.id);
  });
  // Replies that were sent while this connection was down are lost. This says nothing of the workers.
  subscriber.on('ready', () => {
    for (const request of pending.values()) putAgain(request);
  });

  /** The message with the request was lost, or its worker no longer takes requests. The worker may still live. */
  function notHad(id: string): void {
    const request = pending.get(id);
    if (request !== undefined) putThroughRedis(request);
  }

  /** Replies that are too large for a message. */
  async function fetchReply(id: string): Promise<void> {
    const request = pending.get(id);
    try {
      const text = await redis.getdel(onlineKeys.reply(id));
      if (text !== null) receive(text);
      else if (request !== undefined && pending.has(id)) putAgain(request);
    } catch (error) {
      if (request !== undefined) fail(request, error);
    }
  }

  function receive(text: string): void {
    const { id, reply, remover, offeredBy } = unpackReply(text);
    const request = pending.get(id);
    if (request === undefined) return;
    if (offeredBy !== null) offers.note(request.queue, offeredBy);
    // A worker of an older version does not know files. Such a worker may have taken the request from the list.
    if ('refused' in reply && remover === 'api' && isFile(request)) return putThroughRedis(request);
    // If the request was put again, the worker may have removed it before that.
    if (remover === 'worker' && request.puts === 1) forget(request);
    else end(request, 'answered');
    if ('rows' in reply) request.resolve(reply);
    else request.reject(new ForebayError(reply.refused.code, reply.refused.message, RETRY_SOON));
  }

  function forget(request: Pending): void {
    pending.delete(request.id);
    if (isFile(request)) folder?.remove(request.id);
    if (request.openPuts === 0) onUnused?.(request.body);
    if (pending.size > 0 || looking === null) return;
    clearInterval(looking);
    looking = null;
  }

  /**
   * Removes everything that Redis holds of the request. Redis also does so at the deadline, in case this fails. A worker
   * that still has the request drops it.
   */
  function end(request: Pending, how: 'answered' | 'given_up'): void {
    forget(request);
    const { id, bytes } = request;
    const args = [id, bytes, how === 'answered' ? '' : onlineKeys.worker(''), LONGEST_NOTE];
    run('end-online', [onlineKeys.request(id), ...keysOf(request), onlineKeys.body(id)], args).catch(
      () => {},
    );
  }

  /**
   * The requests of one turn go to Redis together, because one script call per request would cost more than a small
   * model.
   */
  const put = batchPerTurn<Pending, Reached | 'ok'>(
    async (_, all) => {
      const [first] = all;
      const worker = all.length === 1 && pending.has(first!.id) ? offers.take(first!) : null;
      let reached = new Map<string, Reached | 'ok' | 'body'>();
      if (worker !== null) reached = await putThose(all, worker);
      if (worker === null || reached.get(first!.id) === 'body') reached = await putThose(all, null);
      return all.map(({ id }) => (reached.get(id) ?? 'ok') as Reached | 'ok');
    },
    ({ bytes }) => bytes,
  );

  /** Returns the script's answer for each request. `worker`: it has offered to take the only request. */
  async function putThose(all: readonly Pending[], worker: string | null) {
    const now = performance.now();
    // Requests that have ended in this turn are not sent, because nobody would remove them from Redis.
    const requests = all.filter(({ id }) => pending.has(id));
    if (requests.length === 0) return new Map<string, never>();
    const isSent = worker !== null && offers.send(worker, requests[0]!);
    const args = [
      onlineKeys.request(''),
      limits.requests,
      limits.bytes,
      ...(limits.tenants === 'shared' ? [half(limits.requests), half(limits.bytes)] : [0, 0]),
      WAKE_CHANNELS.online,
      requests[0]!.queue,
      onlineKeys.body(''),
      LONGEST_INNER_BODY,
      onlineKeys.worker(''),
      worker ?? '',
      isSent ? 'sent' : '',
      ...requests.flatMap(({ id, bytes, endsAt, head, sent }) => [
        id,
        bytes,
        Math.max(1, Math.round(endsAt - now)),
        head,
        // A view, because a copy costs time.
        isSent ? '' : Buffer.from(sent.buffer, sent.byteOffset, sent.length),
      ]),
    ];
    const reached = (await run('ask-online', keysOf(requests[0]!), args)) as (Reached | 'ok' | 'body')[];
    return new Map(requests.map(({ id }, i) => [id, reached[i]!]));
  }

  function askAgain(request: Pending): void {
    if (request.state === 'asked_again') return fail(request, workersLost());
    request.state = 'asked_again';
    putAgain(request);
  }

  /** A worker may have been unable to read the file. If another one still reads it, that one sends no reply. */
  function putThroughRedis(request: Pending): void {
    if (isFile(request)) {
      folder?.remove(request.id);
      Object.assign(request, inRedis(request.header, request.body));
    }
    putAgain(request);
  }

  function putAgain(request: Pending): void {
    request.askedAt = performance.now();
    putOrFail(request);
  }

  function putOrFail(request: Pending): void {
    request.puts += 1;
    request.openPuts += 1;
    put(`${request.queue} ${request.tenant}`, request).then(
      (limit) => {
        wasPut(request);
        if (limit !== 'ok') fail(request, full(limit, limits, request.tenant));
      },
      (error: unknown) => {
        wasPut(request);
        fail(request, error);
      },
    );
  }

  function wasPut(request: Pending): void {
    request.openPuts -= 1;
    if (request.openPuts === 0 && !pending.has(request.id)) onUnused?.(request.body);
  }

  function fail(request: Pending, error: unknown): void {
    if (!pending.has(request.id)) return;
    end(request, 'given_up');
    request.reject(error);
  }

  /** A small body is not worth a file. */
  function store(id: string, header: OnlineHeader, body: Uint8Array, shared: string | null): Stored {
    const isFile = folder !== undefined && shared === folder.id && body.length > LONGEST_INNER_BODY;
    return isFile && folder.put(id, body)
      ? { head: packHeader(header, body, folder.id), sent: NOTHING }
      : inRedis(header, body);
  }

  /** Finds requests whose worker has died. */
  async function look(): Promise<void> {
    const before = performance.now() - LOOK_MS;
    const old = [...pending.values()].filter(({ askedAt }) => askedAt <= before);
    if (old.length === 0) return;
    const ids = old.map(({ id }) => id);
    const args = [onlineKeys.request(''), onlineKeys.worker(''), LONGEST_NOTE, api, ...ids];
    const states = (await run('look-online', [], args)) as string[];
    // Replies arrive on another connection, and may have been sent before this answer. They are read in this turn.
    await nextTurn();
    for (const [i, request] of old.entries()) {
      if (states[i] === 'lost' && pending.has(request.id) && request.askedAt <= before) askAgain(request);
    }
  }

  return {
    /**
     * Returns an outcome for each row. Rejects with ForebayError `online_full`, `deadline_passed`, `worker_lost` or
     * those of a worker that cannot answer, and with CallerGone.
     */
    async ask(request: OnlineRequest, caller: WaitingCaller): Promise<OnlineRows> {
      if (caller.state === 'gone') throw new CallerGone();
      const { queue, payload, timeoutMs, folder: shared, ...rest } = request;
      const header = { api, ...rest };
      const id = idOf(header.priority);
      const askedAt = performance.now();
      const stored = store(id, header, payload, shared);
      let timer: NodeJS.Timeout | undefined;
      const answer = new Promise<OnlineRows>((resolve, reject) => {
        const asked: Pending = {
          id,
          queue,
          tenant: request.tenant,
          header,
          body: payload,
          ...stored,
          bytes: bytesOfQuestion(stored.head, payload),
          endsAt: askedAt + timeoutMs,
          state: 'asked',
          puts: 0,
          openPuts: 0,
          askedAt,
          resolve,
          reject,
        };
        pending.set(id, asked);
        looking ??= setInterval(() => void look().catch(() => {}), LOOK_MS);
        timer = setTimeout(() => fail(asked, deadlinePassed(timeoutMs)), timeoutMs);
        caller.onGone(() => fail(asked, new CallerGone()));
        putOrFail(asked);
      });
      try {
        return await answer;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

const NOTHING = new Uint8Array();

const isFile = ({ sent, body }: Pending) => sent !== body;

function inRedis(header: OnlineHeader, body: Uint8Array): Stored {
  return { head: packHeader(header, body, null), sent: body };
}

function keysOf({ queue, tenant }: Pending): string[] {
  return [
    onlineKeys.waiting(queue),
    onlineKeys.open,
    onlineKeys.bytes,
    onlineKeys.openOf(tenant),
    onlineKeys.bytesOf(tenant),
    onlineKeys.prioritised(queue),
  ];
}

/** The list of waiting requests holds only ids, so the id includes the priority. */
function idOf(priority: number | undefined): string {
  return priority === undefined ? randomUUID() : `${randomUUID()}.${priority}`;
}

const half = (limit: number) => Math.max(1, Math.floor(limit / 2));

const RETRY_SOON = { retryAfterS: RETRY_AFTER_S };

export function deadlinePassed(timeoutMs: number): ForebayError {
  return new ForebayError(
    'deadline_passed',
    `No answer within ${timeoutMs} ms. Send fewer rows, or allow more time with timeout_ms.`,
  );
}

function workersLost(): ForebayError {
  return new ForebayError(
    'worker_lost',
    'Two workers in a row ended before they answered. Check their logs, because one of the rows may have killed them.',
    RETRY_SOON,
  );
}

type Reached = 'requests' | 'bytes' | 'tenant';

function full(limit: Reached, { requests, bytes }: OnlineLimits, tenant: string): ForebayError {
  const reached = {
    requests: `The service already has ${counted(requests, 'online request')} (FOREBAY_ONLINE_MAX_REQUESTS).`,
    bytes: `The service already has online requests with ${bytes / 2 ** 20} MB in all (FOREBAY_ONLINE_MAX_MB).`,
    tenant: `Tenant "${tenant}" already has half of the online requests that the service takes: of ${counted(requests, 'request')} (FOREBAY_ONLINE_MAX_REQUESTS), or of ${bytes / 2 ** 20} MB (FOREBAY_ONLINE_MAX_MB). The rest is for others.`,
  }[limit];
  return new ForebayError('online_full', `${reached} Try again when some have ended.`, RETRY_SOON);
}
