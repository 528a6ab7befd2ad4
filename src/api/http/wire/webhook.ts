/** A job's webhook: as requested, as shown to clients, and the log of its deliveries. */
import { z } from 'zod';
import { WEBHOOK_EVENTS, type WebhookEvent } from '../../../shared/domain/job/job.ts';
import { HOOK_DELIVERY, type HookDelivery } from '../../../shared/domain/job/hook-delivery.ts';
import { FAILURE_OR_NULL, iso, JOB_ID, TIMESTAMP } from './scalars.ts';

const EVENTS = z.array(z.enum(WEBHOOK_EVENTS)).min(1, 'at least one event').max(WEBHOOK_EVENTS.length);

export const WEBHOOK = z
  .strictObject({
    url: z
      .string()
      .max(2048)
      .refine(isHttpUrl, 'must be an http or https URL without user name and password')
      .meta({
        description:
          'Where events are sent, by POST. Redirects are not followed. The operator must allow private addresses.',
      }),
    events: EVENTS.optional().meta({
      description:
        'Which events to send. Default: `completed`, `failed` and `cancelled`. `progress` is sent at intervals.',
    }),
    secret: z.string().min(8, 'at least 8 characters').max(256).optional().meta({
      description:
        "Key that signs the deliveries (`Forebay-Signature`). Responses never contain it. Default: the service's own, if it has one.",
    }),
  })
  .meta({
    id: 'Webhook',
    description: 'Where to send the events of the job.',
    examples: [{ url: 'https://example.org/hooks/forebay', events: ['completed', 'failed'] }],
  });

export interface RequestedWebhook {
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly secret?: string;
}

const ENDS: readonly WebhookEvent[] = ['completed', 'failed', 'cancelled'];

export function toRequestedWebhook({ url, events, secret }: z.output<typeof WEBHOOK>): RequestedWebhook {
  return { url, events: events ?? ENDS, ...(secret === undefined ? {} : { secret }) };
}

/** The webhook as a job shows it, without its secret. */
export const JOB_WEBHOOK_WIRE = z.union([
  z.object({ url: z.string(), events: z.array(z.string()) }),
  z.null(),
]);

export const DELIVERY = z
  .object({
    event_id: z
      .string()
      .meta({ description: 'The same in every attempt for an event, so that receivers can ignore repeats.' }),
    type: z.string().meta({ examples: ['job.completed'] }),
    attempt: z.int(),
    at: TIMESTAMP,
    duration_ms: z.number(),
    status: z.int().nullable().meta({ description: 'HTTP status of the answer. Null: no answer arrived.' }),
    error: FAILURE_OR_NULL,
    outcome: HOOK_DELIVERY.shape.outcome.meta({
      description:
        'delivered: answered with 2xx. retrying: another attempt follows. given_up: no more attempts follow.',
    }),
    next_attempt_at: TIMESTAMP.nullable(),
  })
  .meta({ id: 'Delivery', description: 'One attempt to deliver an event to the webhook of a job.' });

export const DELIVERIES = z
  .object({ object: z.literal('list'), job: JOB_ID, data: z.array(DELIVERY) })
  .meta({ id: 'Deliveries', description: 'The last 100 attempts, newest first.' });
export type DeliveriesWire = z.infer<typeof DELIVERIES>;

export function deliveriesToWire(job: string, deliveries: readonly HookDelivery[]): DeliveriesWire {
  const data = deliveries.map((tried) => ({
    event_id: tried.event,
    type: tried.type,
    attempt: tried.attempt,
    at: iso(tried.at),
    duration_ms: tried.ms,
    status: tried.status,
    error: tried.error,
    outcome: tried.outcome,
    next_attempt_at: iso(tried.next_at),
  }));
  return { object: 'list', job, data };
}

function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === '';
}
