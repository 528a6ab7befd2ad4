/** Creates the events of a job's webhook from the job's state. Pure. */
import type { JobRecord, WebhookEvent } from '../../shared/domain/job/job.ts';
import type { HookEvent } from '../../shared/queue/webhook-queue.ts';
import { jobToWire } from '../http/wire/job.ts';
import { iso } from '../http/wire/scalars.ts';

/** The event's id follows from the job's state, so that every process gives the event the same id. */
export function endEvent(job: JobRecord, nowMs: number): HookEvent {
  return event(job, job.status as WebhookEvent, 'end', nowMs);
}

export function progressEvent(job: JobRecord, nowMs: number): HookEvent {
  return event(job, 'progress', `p${finishedRows(job)}`, nowMs);
}

export function finishedRows(job: JobRecord): number {
  return job.succeeded + job.failed;
}

function event(job: JobRecord, what: WebhookEvent, tail: string, nowMs: number): HookEvent {
  const id = `${job.spec.id.replace(/^job_/, 'evt_')}_${tail}`;
  const type = `job.${what}`;
  const body = JSON.stringify({ id, type, created_at: iso(nowMs), data: { job: jobToWire(job) } });
  return { id, type, body, created_at: nowMs, attempts: 0, due: nowMs };
}
