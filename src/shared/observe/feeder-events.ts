/** Events of feeding, sweeping and webhooks. */
import { event } from './event-kind.ts';

export interface JobTrouble {
  readonly job: string;
  readonly error: string;
}

/** How a job ended, as far as an operator asks first. */
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
}

/** A try of a webhook that was the last. */
export interface FailedDelivery {
  readonly job: string;
  readonly webhook_event: string;
  readonly attempt: number;
  /** Of the answer; null where none came. */
  readonly status: number | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

export const FEEDER_EVENTS = {
  /** The feeder that ended a job tells how it ended. */
  'job.ended': event<EndedJob>('info', 'job ended'),
  /** The job fails, because its feeder cannot continue. */
  'job.feed_failed': event<JobTrouble>('warn', 'job cannot be fed'),
  'job.count_failed': event<JobTrouble>('warn', 'rows not counted'),
  /** The job's data is of a newer version, which alone can feed it. */
  'job.left_to_newer': event<{ readonly job: string; readonly message: string }>(
    'warn',
    ({ message }) => message,
    ({ job }) => ({ job }),
  ),
  'feeder.lease_not_renewed': event<JobTrouble>('warn', 'lease not renewed'),
  /** A round of a feeder has failed. The next one tries again. */
  'feeder.failed': event<JobTrouble>('error', 'feeding failed, trying again'),
  /** A feeder has ended with an error of its own. */
  'feeder.crashed': event<JobTrouble>('error', 'feeder ended'),
  'feeder.start_failed': event<JobTrouble>('error', 'feeder not started, trying again'),
  'feeder.search_failed': event<{ readonly error: string }>('warn', 'active jobs not listed, trying again'),

  /** The sweeper has removed what killed processes left; counts by kind. */
  'sweep.cleared': event<Readonly<Record<string, number>>>('info', 'cleared up after killed processes'),
  'sweep.failed': event<{ readonly error: string }>('warn', 'not swept'),

  'webhook.given_up': event<FailedDelivery>('warn', 'webhook given up'),
  /** The events of a job could not be made or sent. Its lease runs out, then it is tried again. */
  'webhook.failed': event<JobTrouble>('warn', 'webhook not handled, trying again'),
  'webhook.search_failed': event<{ readonly error: string }>('warn', 'webhooks not listed, trying again'),
};
