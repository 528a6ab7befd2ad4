/**
 * A job's events for one client: a snapshot or a replay, then live until the job ends. Status events are
 * never dropped; bursts of progress become one event. Knows nothing of HTTP.
 */
import type { JobRecord } from '../../../shared/domain/job.ts';
import { isTerminal } from '../../../shared/domain/job-state.ts';
import { redisTrouble } from '../../../shared/redis/redis-trouble.ts';
import type { JobEvent } from '../../../shared/queue/job-events.ts';
import type { JobStore } from '../../../shared/queue/job-store.ts';
import type { Wake } from '../../../shared/queue/wake.ts';
import { createJobWaiter } from './job-waiter.ts';
import { eventToWire, type JobEventWire } from '../../http/wire/event.ts';
import { jobToWire } from '../../http/wire/job.ts';

export interface EventsDeps {
  readonly jobs: Pick<JobStore, 'get' | 'events' | 'firstEventId' | 'lastEventId'>;
  readonly wake: Pick<Wake, 'on'>;
  /** Longest silence before a heartbeat, ms. */
  readonly heartbeatMs?: number;
  /** Between looks when no wake-up comes, ms. */
  readonly sweepMs?: number;
  /** Least time between two sends, ms: bounds events and reads of Redis a client. */
  readonly gapMs?: number;
}

/** How a stream begins. */
export type EventsStart =
  | { readonly kind: 'snapshot' }
  | { readonly kind: 'replay'; readonly after: string }
  /** The client has seen the end. */
  | { readonly kind: 'ended' };

/** `lastEventId`: what the client saw last; null for a new client. */
export async function eventsStart(
  jobs: EventsDeps['jobs'],
  job: JobRecord,
  lastEventId: string | null,
): Promise<EventsStart> {
  if (lastEventId === null) return { kind: 'snapshot' };
  const [first, last] = await Promise.all([jobs.firstEventId(job.spec.id), jobs.lastEventId(job.spec.id)]);
  // Beyond the last: an id of another job, or of before Redis lost data.
  if (compareIds(lastEventId, first) < 0 || compareIds(lastEventId, last) > 0) return { kind: 'snapshot' };
  if (isTerminal(job.status) && compareIds(lastEventId, last) === 0) return { kind: 'ended' };
  return { kind: 'replay', after: lastEventId };
}

/** Yields events, and null where a heartbeat is due. Ends after the job's last status, or with the signal. */
export async function* jobEvents(
  deps: EventsDeps,
  id: string,
  start: Exclude<EventsStart, { kind: 'ended' }>,
  signal: AbortSignal,
): AsyncGenerator<JobEventWire | null, void, undefined> {
  const { jobs, heartbeatMs = 15_000, sweepMs = 1000, gapMs = 100 } = deps;
  const waiter = createJobWaiter(deps.wake, id, signal);
  try {
    let after: string;
    if (start.kind === 'snapshot') {
      // The id first: an event that falls between is sent again, never lost.
      after = await jobs.lastEventId(id);
      const job = await jobs.get(id);
      if (!job) return;
      yield { id: after, type: 'snapshot', data: jobToWire(job) };
      if (isTerminal(job.status)) return;
    } else {
      after = start.after;
    }
    let replaying = start.kind === 'replay';
    let sentAt = performance.now();
    while (!signal.aborted) {
      const news = await nextEvents(jobs, id, after);
      if (news === 'ended') return;
      for (const event of replaying ? news.events : coalesced(news.events)) {
        const wire = news.job && eventToWire(event, news.job);
        after = event.id;
        if (!wire) continue;
        yield wire;
        if (wire.type === 'status' && isTerminal(wire.data.status)) return;
      }
      replaying = false;
      if (news.events.length > 0) {
        sentAt = performance.now();
        await pause(gapMs, signal);
        continue;
      }
      if (performance.now() - sentAt >= heartbeatMs) {
        yield null;
        sentAt = performance.now();
      }
      await waiter.wait(Math.min(sweepMs, heartbeatMs));
    }
  } finally {
    waiter.close();
  }
}

type News =
  | { readonly events: readonly JobEvent[]; readonly job: JobRecord }
  | { readonly events: readonly []; readonly job: null };

/** Events after one, and the job as it stands; nothing while Redis is away: the stream outlives it. */
async function nextEvents(jobs: EventsDeps['jobs'], id: string, after: string): Promise<News | 'ended'> {
  try {
    let events = await jobs.events(id, after);
    const job = await jobs.get(id);
    if (!job) return 'ended';
    if (events.length === 0 && isTerminal(job.status)) {
      // It may have ended between the two reads.
      events = await jobs.events(id, after);
      if (events.length === 0) return 'ended';
    }
    return { events, job };
  } catch (error) {
    if (redisTrouble(error) !== null) return { events: [], job: null };
    throw error;
  }
}

/** Of several progress events in a row only the last. */
function coalesced(events: readonly JobEvent[]): JobEvent[] {
  return events.filter((event, i) => event.type !== 'progress' || events[i + 1]?.type !== 'progress');
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}

/** Order of stream ids (`ms-sequence`). */
function compareIds(a: string, b: string): number {
  const [aMs = '0', aSeq = '0'] = a.split('-');
  const [bMs = '0', bSeq = '0'] = b.split('-');
  const order = (x: string, y: string) => {
    const difference = BigInt(x) - BigInt(y);
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  };
  return order(aMs, bMs) || order(aSeq, bSeq);
}
