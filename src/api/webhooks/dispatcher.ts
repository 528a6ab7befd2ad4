/**
 * Delivers webhooks: follows the jobs that have one, makes their events and tries each until it is taken or given up.
 * Every replica does; a claim with a lease keeps two from the same job. Jobs know nothing of it.
 */
import { createAlarm } from '../../shared/process/alarm.ts';
import { isTerminal } from '../../shared/domain/job-state.ts';
import type { JobRecord } from '../../shared/domain/job.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Emit } from '../../shared/observe/events.ts';
import type { JobStore } from '../../shared/queue/job-store.ts';
import type { HookEvent, HookSlot, HookState, WebhookQueue } from '../../shared/queue/webhook-queue.ts';
import { endEvent, finishedRows, progressEvent } from './hook-events.ts';
import type { Sent, WebhookSender } from './send-webhook.ts';
import { signatureOf } from './signature.ts';

export interface WebhookSettings {
  /** Tries of one event in all. */
  readonly tries: number;
  /** Before the second try, ms; doubles with each further one. */
  readonly firstPauseMs: number;
  /** Least time between two progress events of a job, ms. */
  readonly progressMs: number;
  /** Of one try, ms. */
  readonly timeoutMs: number;
  /** Signs the webhooks of jobs that came without a secret; null: those are not signed. */
  readonly secret: string | null;
}

/** How soon news of a job is seen, ms. */
const LOOK_MS = 1000;
/** Jobs looked after at once: a slow receiver takes one of these places. */
const AT_ONCE = 32;
const GONE = 410;

type Job = JobRecord & { spec: { webhook: NonNullable<JobRecord['spec']['webhook']> } };

export function createWebhookDispatcher(deps: {
  queue: WebhookQueue;
  jobs: Pick<JobStore, 'get' | 'isActive'>;
  sender: WebhookSender;
  settings: WebhookSettings;
  emit: Emit;
  random?: () => number;
}) {
  const { queue, jobs, sender, settings, emit, random = Math.random } = deps;
  const stopping = new AbortController();
  const { signal } = stopping;
  const alarm = createAlarm();
  const busy = new Map<string, Promise<void>>();
  // Longer than the tries of both events of a job can take.
  const leaseMs = 3 * settings.timeoutMs + 10_000;

  /** Makes the events that the job's state calls for. Returns what waits for delivery. */
  async function collect(job: Job, state: HookState): Promise<Partial<Record<HookSlot, HookEvent>>> {
    const { id, webhook } = job.spec;
    if (isTerminal(job.status)) {
      // Progress that was not taken yet is overtaken.
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

  /** One try. Returns the event as it stands after it. */
  async function deliver(job: Job, slot: HookSlot, event: HookEvent, state: HookState): Promise<HookEvent> {
    const { id, webhook } = job.spec;
    const attempt = event.attempts + 1;
    const at = Date.now();
    const secret = state.secret ?? settings.secret;
    const sent = await sender.send(
      webhook.url,
      {
        'content-type': 'application/json',
        'forebay-event': event.type,
        'forebay-event-id': event.id,
        'forebay-attempt': String(attempt),
        ...(secret === null
          ? {}
          : { 'forebay-signature': signatureOf(secret, Math.floor(at / 1000), event.body) }),
      },
      event.body,
      signal,
    );
    const outcome = judge(sent, attempt);
    const due = outcome === 'retrying' ? Date.now() + pauseMs(attempt) : null;
    const after = { ...event, attempts: attempt, due };
    await queue.put(id, slot, after);
    await queue.note(id, {
      event: event.id,
      type: event.type,
      attempt,
      at,
      ms: Date.now() - at,
      ...sent,
      outcome,
      next_at: due,
    });
    if (outcome === 'given_up') {
      emit('webhook.given_up', { job: id, webhook_event: event.id, attempt, ...sent });
    }
    return after;
  }

  function judge(sent: Sent, attempt: number): 'delivered' | 'retrying' | 'given_up' {
    if (sent.status !== null && sent.status >= 200 && sent.status < 300) return 'delivered';
    const final = sent.status === GONE || sent.error?.code === 'url_not_allowed';
    return final || attempt >= settings.tries ? 'given_up' : 'retrying';
  }

  /** Anywhere around the pause, so that events that failed together do not come back together. */
  function pauseMs(attempt: number): number {
    return settings.firstPauseMs * 2 ** (attempt - 1) * (0.75 + 0.5 * random());
  }

  /** One look at a claimed job: makes and tries what is due, and says when to look again. */
  async function attend(id: string): Promise<void> {
    const [job, state] = await Promise.all([jobs.get(id), queue.state(id)]);
    if (!job) {
      // Admitted and about to be written down; or its submit has died, or its record expired.
      if (await jobs.isActive(id)) return queue.again(id, Date.now() + LOOK_MS);
      return queue.forget(id);
    }
    if (!hasWebhook(job)) return queue.done(id);
    const dues = isTerminal(job.status) ? [] : [Date.now() + LOOK_MS];
    const waiting = await collect(job, state);
    for (const slot of ['end', 'progress'] as const) {
      let event = waiting[slot];
      if (!event || event.due === null) continue;
      if (event.due <= Date.now()) event = await deliver(job, slot, event, state);
      if (event.due !== null) dues.push(event.due);
    }
    if (dues.length === 0) return queue.done(id);
    return queue.again(id, Math.min(...dues));
  }

  async function attendSafely(id: string): Promise<void> {
    try {
      await attend(id);
    } catch (error) {
      // Stopped: another replica goes on at once. Else its lease runs out.
      if (signal.aborted) await queue.again(id, Date.now()).catch(() => undefined);
      else emit('webhook.failed', { job: id, error: messageOf(error) });
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        const room = AT_ONCE - busy.size;
        for (const id of room > 0 ? await queue.claim(room, leaseMs) : []) {
          const full = () => busy.size >= AT_ONCE;
          const attended = attendSafely(id).finally(() => {
            if (full()) alarm.ring();
            busy.delete(id);
          });
          busy.set(id, attended);
        }
      } catch (error) {
        emit('webhook.search_failed', { error: messageOf(error) });
      }
      await alarm.wait(LOOK_MS / 2, signal);
    }
  }

  const running = run();

  return {
    /** Stops; tries in flight are broken off and made again elsewhere, or here after the next start. */
    async close(): Promise<void> {
      stopping.abort();
      alarm.ring();
      await running;
      await Promise.all(busy.values());
      await sender.close();
    },
  };
}

function hasWebhook(job: JobRecord): job is Job {
  return job.spec.webhook !== null;
}
