/** Events of feeding, sweeping and webhooks. */
import { event } from './event-kind.ts';

export interface JobTrouble {
  readonly job: string;
  readonly error: string;
}

/** The result of a job, with the facts that an operator needs first. */
export interface EndedJob {
  readonly job: string;
  readonly model: string;
  readonly status: string;
  readonly succeeded: number;
  readonly failed: number;
  /** From the first read to the end. */
  readonly seconds?: number;
  readonly code?: string;
  readonly error?: string;
  /** Epoch ms. */
  readonly submitted_at: number;
}

/** The last failed attempt to deliver a webhook event. */
export interface FailedDelivery {
  readonly job: string;
  readonly webhook_event: string;
  readonly attempt: number;
  /** The status of the response. Null if none arrived. */
  readonly status: number | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

export const FEEDER_EVENTS = {
  /** The feeder that ended a job reports how it ended. */
  'job.ended': event<EndedJob>('info', 'job ended', (job) => ({ ...job, submitted_at: undefined })),
  /** The job fails, because its feeder cannot continue. */
  'job.feed_failed': event<JobTrouble>('warn', 'job cannot be fed'),
  'job.count_failed': event<JobTrouble>('warn', 'rows not counted'),
  /** The job's data has a newer version, and only that version can feed it. */
  'job.left_to_newer': event<{ readonly job: string; readonly message: string }>(
    'warn',
    ({ message }) => message,
    ({ job }) => ({ job }),
  ),
  'feeder.lease_not_renewed': event<JobTrouble>('warn', 'lease not renewed'),
  /** A round of a feeder has failed. The next one retries. */
  'feeder.failed': event<JobTrouble>('error', 'feeding failed, trying again'),
  /** A feeder has ended with an error. */
  'feeder.crashed': event<JobTrouble>('error', 'feeder ended'),
  'feeder.start_failed': event<JobTrouble>('error', 'feeder not started, trying again'),
  'feeder.search_failed': event<{ readonly error: string }>('warn', 'active jobs not listed, trying again'),

  /** The sweeper has removed the leftovers of killed processes, counted by kind. */
  'sweep.cleared': event<Readonly<Record<string, number>>>('info', 'cleared up after killed processes'),
  /** `job`: the job that could not be swept. The next sweep tries again. */
  'sweep.failed': event<{ readonly job?: string; readonly error: string }>('warn', 'sweep failed'),

  'webhook.given_up': event<FailedDelivery>('warn', 'webhook given up'),
  /** The webhook events of a job could not be created or sent. They are retried when the claim on the job expires. */
  'webhook.failed': event<JobTrouble>('warn', 'webhook not handled, trying again'),
  'webhook.search_failed': event<{ readonly error: string }>('warn', 'webhooks not listed, trying again'),
};
