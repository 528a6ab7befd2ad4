/** The deliveries of a job's webhook. */
import type { JobStore } from '../../../shared/queue/jobs/job-store.ts';
import type { WebhookQueue } from '../../../shared/queue/webhook-queue.ts';
import { DELIVERIES, deliveriesToWire } from '../wire/webhook.ts';
import { JOB_PARAMS } from './jobs.ts';
import { JOB_PROBLEMS } from './problem-sets.ts';
import { mount, type MountTarget } from '../endpoint/mount.ts';

export interface DeliveriesDeps {
  readonly jobs: Pick<JobStore, 'mustGet'>;
  readonly webhooks: Pick<WebhookQueue, 'deliveries'>;
}

export function mountDeliveries(target: MountTarget, deps: DeliveriesDeps): void {
  mount(
    target,
    {
      method: 'get',
      path: '/v1/jobs/{id}/deliveries',
      operationId: 'listDeliveries',
      access: 'jobs:read',
      tag: 'Results and progress',
      summary: "List the deliveries of a job's webhook",
      description: 'The last 100 delivery attempts, newest first.',
      params: JOB_PARAMS,
      success: [{ status: 200, description: 'The attempts.', content: { 'application/json': DELIVERIES } }],
      problems: JOB_PROBLEMS,
    },
    async ({ c, params }) => {
      await deps.jobs.mustGet(params.id);
      return c.json(deliveriesToWire(params.id, await deps.webhooks.deliveries(params.id)));
    },
  );
}
