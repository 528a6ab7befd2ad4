/** Tries to deliver one event of a job's webhook, and records the result. */
import type { JobSpec } from '../../shared/domain/job/job.ts';
import { isSuccess } from '../../shared/net/is-success.ts';
import type { Emit } from '../../shared/observe/events.ts';
import type { HookEvent, HookSlot, WebhookQueue } from '../../shared/queue/webhook-queue.ts';
import type { Sent, WebhookSender } from './send-webhook.ts';
import { signatureOf } from './signature.ts';

export type JobWebhook = NonNullable<JobSpec['webhook']>;

export interface DeliverySettings {
  /** Total attempts per event. */
  readonly tries: number;
  /** Pause before the second attempt, ms. It doubles with each further attempt. */
  readonly firstPauseMs: number;
  /** Signs the webhooks of jobs that have no secret. Null: those are not signed. */
  readonly secret: string | null;
}

/** An event of a job, and its destination. */
export interface Delivery {
  readonly job: string;
  readonly webhook: JobWebhook;
  readonly slot: HookSlot;
  readonly event: HookEvent;
  /** The job's own secret. Null: it has none. */
  readonly secret: string | null;
}

const GONE = 410;

export function createDeliverer(deps: {
  queue: Pick<WebhookQueue, 'note' | 'put'>;
  sender: Pick<WebhookSender, 'send'>;
  settings: DeliverySettings;
  emit: Emit;
  random?: (() => number) | undefined;
  signal: AbortSignal;
}) {
  const { queue, sender, settings, emit, random = Math.random, signal } = deps;

  /** Makes one attempt. Returns the event with the result. */
  return async function deliver({ job, webhook, slot, event, secret }: Delivery): Promise<HookEvent> {
    const attempt = event.attempts + 1;
    const at = Date.now();
    const key = secret ?? settings.secret;
    const sent = await sender.send(
      webhook.url,
      {
        'content-type': 'application/json',
        'forebay-event': event.type,
        'forebay-event-id': event.id,
        'forebay-attempt': String(attempt),
        ...(key !== null && { 'forebay-signature': signatureOf(key, Math.floor(at / 1000), event.body) }),
      },
      event.body,
      signal,
    );
    const outcome = outcomeOf(sent, attempt);
    const due = outcome === 'retrying' ? Date.now() + pauseMs(attempt) : null;
    const after = { ...event, attempts: attempt, due };
    await queue.put(job, slot, after);
    await queue.note(job, {
      event: event.id,
      type: event.type,
      attempt,
      at,
      ms: Date.now() - at,
      ...sent,
      outcome,
      next_at: due,
    });
    if (outcome === 'given_up') emit('webhook.given_up', { job, webhook_event: event.id, attempt, ...sent });
    return after;
  };

  function outcomeOf(sent: Sent, attempt: number): 'delivered' | 'retrying' | 'given_up' {
    if (sent.status !== null && isSuccess(sent.status)) return 'delivered';
    const final = sent.status === GONE || sent.error?.code === 'url_not_allowed';
    return final || attempt >= settings.tries ? 'given_up' : 'retrying';
  }

  /** Varies the pause by up to 25 % at random, so that events that failed together are not retried together. */
  function pauseMs(attempt: number): number {
    return settings.firstPauseMs * 2 ** (attempt - 1) * (0.75 + 0.5 * random());
  }
}
