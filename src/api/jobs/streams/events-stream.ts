/**
 * A job's events for one client: a snapshot or a replay, then live events until the job ends. Status events are never
 * dropped. A burst of progress events becomes one event.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { JobRecord } from '../../../shared/domain/job/job.ts';
import { isTerminal } from '../../../shared/domain/job/job-state.ts';
import { redisTrouble } from '../../../shared/redis/redis-trouble.ts';
import type { JobEvent } from '../../../shared/queue/jobs/job-events.ts';
import type { JobStore } from '../../../shared/queue/jobs/job-store.ts';
import type { Wake } from '../../../shared/queue/wake.ts';
import { watchJob } from './job-changes.ts';
import { eventToWire, type JobEventWire } from '../../http/wire/event.ts';
import { jobToWire } from '../../http/wire/job.ts';

export interface EventsDeps {
  readonly jobs: Pick<JobStore, 'get' | 'events' | 'firstEventId' | 'lastEventId'>;
  readonly wake: Pick<Wake, 'on'>;
  /** Longest silence before a heartbeat, ms. */
  readonly heartbeatMs?: number;
  /** Time between reads if no wake-up arrives, ms. */
  readonly sweepMs?: number;
  /** Minimum time between two sends, ms. It bounds the events and the Redis reads per client. */
  readonly gapMs?: number;
}

/** How a stream begins. */
export type EventsStart =
  | { readonly kind: 'snapshot' }
  | { readonly kind: 'replay'; readonly after: string }
  /** The client has seen the last event. */
  | { readonly kind: 'ended' };

/** No event has this id. It asks for all events that are kept, for example to draw the course of an ended job. */
const ALL_KEPT = '0';

/** `lastEventId`: the last event that the client saw. Null for a new client. */
export async function eventsStart(
  jobs: EventsDeps['jobs'],
  job: JobRecord,
  lastEventId: string | null,
): Promise<EventsStart> {
  if (lastEventId === null) return { kind: 'snapshot' };
  if (lastEventId === ALL_KEPT) return { kind: 'replay', after: lastEventId };
  const [first, last] = await Promise.all([jobs.firstEventId(job.spec.id), jobs.lastEventId(job.spec.id)]);
  // An id beyond the last event belongs to another job, or is older than a loss of Redis data.
  if (compareIds(lastEventId, first) < 0 || compareIds(lastEventId, last) > 0) return { kind: 'snapshot' };
  if (isTerminal(job.status) && compareIds(lastEventId, last) === 0) return { kind: 'ended' };
  return { kind: 'replay', after: lastEventId };
}

/** Yields events, and null when a heartbeat is due. Ends after the job's last status event, or on abort. */
export async function* jobEvents(
  deps: EventsDeps,
  id: string,
  start: Exclude<EventsStart, { kind: 'ended' }>,
  signal: AbortSignal,
): AsyncGenerator<JobEventWire | null, void, undefined> {
  const { jobs, heartbeatMs = 15_000, sweepMs = 1000, gapMs = 100 } = deps;
  const changes = watchJob(deps.wake, id, signal);
  try {
    let after: string;
    if (start.kind === 'snapshot') {
      // The id is read first, so that an event in between is sent twice rather than lost.
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
      await changes.wait(Math.min(sweepMs, heartbeatMs));
    }
  } finally {
    changes.close();
  }
}

type News =
  | { readonly events: readonly JobEvent[]; readonly job: JobRecord }
  | { readonly events: readonly []; readonly job: null };

/**
 * Events after `after`, with the job's current state. Empty while Redis is unavailable, so that the stream goes on.
 */
async function nextEvents(jobs: EventsDeps['jobs'], id: string, after: string): Promise<News | 'ended'> {
  try {
    let events = await jobs.events(id, after);
    const job = await jobs.get(id);
    if (!job) return 'ended';
    if (events.length === 0 && isTerminal(job.status)) {
      // The job may have ended between the two reads.
      events = await jobs.events(id, after);
      if (events.length === 0) return 'ended';
    }
    return { events, job };
  } catch (error) {
    if (redisTrouble(error) !== null) return { events: [], job: null };
    throw error;
  }
}

/** Keeps only the last of several consecutive progress events. */
function coalesced(events: readonly JobEvent[]): JobEvent[] {
  return events.filter((event, i) => event.type !== 'progress' || events[i + 1]?.type !== 'progress');
}

/** Ends early, without an error, when the signal is aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
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
