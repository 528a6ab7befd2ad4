/**
 * Takes online requests of the models that lanes hold, and answers them. It takes requests only while lanes can soon run
 * more rows, so that other workers get the rest.
 */
import { stopsIntake, type MemoryLevel } from '../../shared/domain/memory-level.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Emit } from '../../shared/observe/events.ts';
import type { OnlineWork, TakenRequest } from '../../shared/queue/online/online-work.ts';
import type { Wake } from '../../shared/queue/wake.ts';
import { redisTrouble } from '../../shared/redis/redis-trouble.ts';
import { refused, type createOnlineAnswer, type OnlineAnswer } from './online-answer.ts';

/** The longest delay that a lost wake-up causes. */
const SWEEP_MS = 1_000;
/** One batch in the model, one being decoded, and one being gathered. */
const BATCHES_PER_LANE = 3;

/** One queue that this worker serves. */
interface OpenQueue {
  readonly queue: string;
  /** `resting`: no request waits, as far as is known. `due`: some may wait. `taking`: Redis has been asked for them. */
  state: 'resting' | 'due' | 'taking' | 'taking_and_due';
  /** Rows that have been taken and not been answered. */
  rows: number;
  /** Takes in the next turn. */
  soon: NodeJS.Immediate | null;
}

export type OnlineServer = ReturnType<typeof createOnlineServer>;

export function createOnlineServer(deps: {
  work: Omit<OnlineWork, 'listen'>;
  wake: Wake;
  answer: ReturnType<typeof createOnlineAnswer>;
  /** Sends the submitted rows to lanes. */
  pump: () => void;
  /** Lanes that hold the model and do not seem to hang. */
  lanesOf: (queue: string) => number;
  /** Most rows of a batch. Null if lanes do not hold the model. */
  onlineRowsOf: (queue: string) => number | null;
  memoryLevel: () => MemoryLevel;
  /** A request waits for a model that lanes do not hold. */
  onNeeded: (queue: string) => void;
  emit: Emit;
}) {
  const { work, emit } = deps;
  const queues = new Map<string, OpenQueue>();
  /** By id. */
  const inHand = new Map<string, OnlineAnswer>();
  const running = new Set<Promise<void>>();
  /** `held`: no requests are taken until `release`. `stopped`: none are taken any more. */
  let state: 'serving' | 'held' | 'stopped' = 'serving';
  const unlisten = deps.wake.on('online', (name) => {
    if (state !== 'serving') return;
    const open = queues.get(name);
    if (open === undefined) deps.onNeeded(name);
    else ring(open);
  });
  const sweep = setInterval(ringAll, SWEEP_MS);
  sweep.unref();

  function ringAll(): void {
    if (state === 'serving') for (const open of queues.values()) void ringIfAnyWaits(open);
  }

  /** Asks first, because a model counts as in use while requests are taken. */
  async function ringIfAnyWaits(open: OpenQueue): Promise<void> {
    // The Redis watch reports errors of Redis. The next sweep tries again.
    const anyWaits = await work.anyWaits(open.queue).catch(() => false);
    if (anyWaits) ring(open);
  }

  function ring(open: OpenQueue): void {
    open.state = open.state === 'taking' || open.state === 'taking_and_due' ? 'taking_and_due' : 'due';
    takeIfDue(open);
  }

  function takeIfDue(open: OpenQueue): void {
    if (state !== 'serving' || open.state !== 'due' || queues.get(open.queue) !== open) return;
    const rows = roomOf(open);
    if (rows <= 0) return;
    open.state = 'taking';
    track(take(open, rows));
  }

  function roomOf({ queue, rows }: OpenQueue): number {
    if (stopsIntake(deps.memoryLevel())) return rows > 0 ? 0 : 1;
    return deps.lanesOf(queue) * (deps.onlineRowsOf(queue) ?? 0) * BATCHES_PER_LANE - rows;
  }

  async function take(open: OpenQueue, rows: number): Promise<void> {
    let isMore = false;
    try {
      const { requests, left } = await work.take(open.queue, rows);
      isMore = left > 0;
      for (const request of requests) begin(open, request);
      if (requests.length > 0) deps.pump();
    } catch (error) {
      // The Redis watch reports errors of Redis. The sweep tries again.
      if (state !== 'stopped' && redisTrouble(error) === null)
        emit('online.take_failed', { error: messageOf(error) });
    }
    open.state = isMore || open.state === 'taking_and_due' ? 'due' : 'resting';
    takeIfDue(open);
  }

  function begin(open: OpenQueue, request: TakenRequest): void {
    const answer = attempt(open.queue, request);
    open.rows += answer.rows;
    inHand.set(request.id, answer);
    track(finish(open, request, answer));
  }

  function attempt(queue: string, request: TakenRequest): OnlineAnswer {
    try {
      return deps.answer(queue, request);
    } catch (error) {
      emit('online.failed', { error: messageOf(error) });
      return refused({ code: 'internal', message: 'A worker failed unexpectedly. Its log has the cause.' });
    }
  }

  async function finish(open: OpenQueue, request: TakenRequest, answer: OnlineAnswer): Promise<void> {
    const reply = await answer.reply;
    work.release(request);
    inHand.delete(request.id);
    open.rows -= answer.rows;
    takeSoon(open);
    try {
      if (reply !== null) await work.reply(request, reply, mayOffer(open));
    } catch (error) {
      if (state !== 'stopped' && redisTrouble(error) === null)
        emit('online.failed', { error: messageOf(error) });
    }
    work.forget(request.id);
  }

  /** Whether an API may hand this worker the next request of the queue. */
  function mayOffer(open: OpenQueue): boolean {
    return state === 'serving' && queues.get(open.queue) === open && roomOf(open) > 0;
  }

  /** The requests of a batch end in one turn. Taking for each of them would take one request at a time. */
  function takeSoon(open: OpenQueue): void {
    if (open.state !== 'due') return;
    open.soon ??= setImmediate(() => {
      open.soon = null;
      takeIfDue(open);
    });
  }

  async function answered(): Promise<void> {
    while (running.size > 0) await Promise.all(running);
  }

  function track(work: Promise<void>): void {
    const tracked = work.finally(() => running.delete(tracked));
    running.add(tracked);
  }

  return {
    /** The caller of a request has gone. */
    drop(id: string): void {
      inHand.get(id)?.drop();
      deps.pump();
    },
    /** A request that this worker has offered to take. */
    handed(queue: string, request: TakenRequest): void {
      const open = queues.get(queue);
      // Since the offer, all lanes may have begun to hang.
      if (state !== 'serving' || open === undefined || deps.lanesOf(queue) === 0)
        return work.giveBack(request);
      begin(open, request);
      deps.pump();
    },
    /** Lanes hold the model now. */
    open(queue: string): void {
      const open: OpenQueue = { queue, state: 'resting', rows: 0, soon: null };
      queues.set(queue, open);
      if (state === 'serving') void ringIfAnyWaits(open);
    },
    /** The model has left the lanes. */
    close: (queue: string): void => void queues.delete(queue),
    /** Lanes may have room. */
    ring(): void {
      for (const open of queues.values()) takeIfDue(open);
    },
    /** Whether requests of the model are being taken or answered. */
    inUse(queue: string): boolean {
      const open = queues.get(queue);
      return (
        open !== undefined && (open.rows > 0 || open.state === 'taking' || open.state === 'taking_and_due')
      );
    },
    isNeeded: async (queue: string) => work.anyWaits(queue),
    /** Takes no more requests until `release`. Settles when those that it holds are answered. Allowed until `stop`. */
    async hold(): Promise<void> {
      state = 'held';
      await answered();
    },
    /** Takes requests again. Allowed until `stop`. */
    release(): void {
      state = 'serving';
      for (const open of queues.values()) ring(open);
    },
    /** Takes no more requests. Settles when those that it holds are answered. */
    async stop(): Promise<void> {
      state = 'stopped';
      unlisten();
      clearInterval(sweep);
      await answered();
    },
  };
}
