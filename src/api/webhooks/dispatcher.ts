/**
 * Delivers webhooks. Follows the jobs that have one, creates their events, and tries each event until it is delivered or
 * given up. Every replica does this. A claim with a lease keeps two replicas from working on the same job.
 */
import { isTerminal } from '../../shared/domain/job/job-state.ts';
import type { JobRecord } from '../../shared/domain/job/job.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Emit } from '../../shared/observe/events.ts';
import { createAlarm } from '../../shared/process/alarm.ts';
import { isNewerVersion } from '../../shared/queue/jobs/job-specs.ts';
import type { JobStore } from '../../shared/queue/jobs/job-store.ts';
import { redisTrouble } from '../../shared/redis/redis-trouble.ts';
import type { HookEvent, HookSlot, HookState, WebhookQueue } from '../../shared/queue/webhook-queue.ts';
import { createDeliverer, type DeliverySettings, type JobWebhook } from './deliver-event.ts';
import { endEvent, finishedRows, progressEvent } from './hook-events.ts';
import type { WebhookSender } from './send-webhook.ts';

export interface WebhookSettings extends DeliverySettings {
  /** Minimum time between two progress events of a job, ms. */
  readonly progressMs: number;
  /** Timeout of one attempt, ms. */
  readonly timeoutMs: number;
}

/** Time between two looks at an active job, ms. */
const LOOK_MS = 1000;
/** Maximum number of jobs that are handled at once. A slow receiver occupies one of these places. */
const AT_ONCE = 32;

export function createWebhookDispatcher(deps: {
  queue: WebhookQueue;
  jobs: Pick<JobStore, 'get' | 'isActive'>;
  sender: WebhookSender;
  settings: WebhookSettings;
  emit: Emit;
  random?: () => number;
}) {
  const { queue, jobs, sender, settings, emit, random } = deps;
  const stopping = new AbortController();
  const { signal } = stopping;
  const deliver = createDeliverer({ queue, sender, settings, emit, random, signal });
  const alarm = createAlarm();
  const busy = new Map<string, Promise<void>>();
  // Longer than two attempts can take, one for each event of a job.
  const leaseMs = 3 * settings.timeoutMs + 10_000;

  /** Creates the events that the job's state requires. Returns those that wait for delivery. */
  async function makeEvents(
    job: JobRecord,
    webhook: JobWebhook,
    state: HookState,
  ): Promise<Partial<Record<HookSlot, HookEvent>>> {
    const { id } = job.spec;
    if (isTerminal(job.status)) {
      // The final event replaces undelivered progress.
      if (!webhook.events.includes(job.status as 'completed')) return {};
      return { end: state.end ?? (await queue.putEnd(id, endEvent(job, Date.now()))) };
    }
    const { progress } = state;
    if (!webhook.events.includes('progress') || finishedRows(job) === 0) return {};
    const next = progressEvent(job, Date.now());
    const early = progress !== null && Date.now() - progress.created_at < settings.progressMs;
    if (progress?.id === next.id || early) return progress ? { progress } : {};
    await queue.put(id, 'progress', next);
    return { progress: next };
  }

  /** Handles a claimed job: creates its events, tries those that are due, and schedules the next look. */
  async function handle(id: string): Promise<void> {
    const [job, state] = await Promise.all([jobs.get(id), queue.state(id)]);
    if (!job) {
      // If the job is active, its record is about to be written. If not, its submit died or its record has expired.
      if (await jobs.isActive(id)) return queue.again(id, Date.now() + LOOK_MS);
      return queue.forget(id);
    }
    const { webhook } = job.spec;
    if (webhook === null) return queue.done(id);
    const dues = isTerminal(job.status) ? [] : [Date.now() + LOOK_MS];
    const waiting = await makeEvents(job, webhook, state);
    for (const slot of ['end', 'progress'] as const) {
      let event = waiting[slot];
      if (!event || event.due === null) continue;
      if (event.due <= Date.now()) {
        event = await deliver({ job: id, webhook, slot, event, secret: state.secret });
      }
      if (event.due !== null) dues.push(event.due);
    }
    if (dues.length === 0) return queue.done(id);
    return queue.again(id, Math.min(...dues));
  }

  async function handleSafely(id: string): Promise<void> {
    try {
      await handle(id);
    } catch (error) {
      // When this process stops, it releases its claims, so that another one continues immediately. Otherwise the lease
      // must expire first. It also releases a job that only processes of a newer version understand.
      if (signal.aborted) await queue.again(id, Date.now()).catch(() => undefined);
      else if (isNewerVersion(error)) await queue.again(id, Date.now() + LOOK_MS).catch(() => undefined);
      else emit('webhook.failed', { job: id, error: messageOf(error) });
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        const room = AT_ONCE - busy.size;
        for (const id of room > 0 ? await queue.claim(room, leaseMs) : []) {
          const full = () => busy.size >= AT_ONCE;
          const handled = handleSafely(id).finally(() => {
            if (full()) alarm.ring();
            busy.delete(id);
          });
          busy.set(id, handled);
        }
      } catch (error) {
        // The Redis watch reports errors of Redis.
        if (redisTrouble(error) === null) emit('webhook.search_failed', { error: messageOf(error) });
      }
      await alarm.wait(LOOK_MS / 2, signal);
    }
  }

  const running = run();

  return {
    /** Stops. Attempts in flight are aborted. Another process repeats them, or this one after its next start. */
    async close(): Promise<void> {
      stopping.abort();
      alarm.ring();
      await running;
      await Promise.all(busy.values());
      await sender.close();
    },
  };
}
