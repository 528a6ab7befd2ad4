/** Why a job waits, as its record shows it. Writes to Redis only what has changed. */
import type { JobReason, JobRecord } from '../../shared/domain/job/job.ts';
import type { JobStore } from '../../shared/queue/jobs/job-store.ts';

export interface ShownReason {
  /** Remembers what the record shows now. */
  read(record: Pick<JobRecord, 'reason' | 'reasonText'>): void;
  /** `text`: details of the reason. */
  show(reason: JobReason | null, text?: string | null): Promise<void>;
}

export function createShownReason(jobs: Pick<JobStore, 'setReason'>, job: string): ShownReason {
  let shown: { readonly reason: JobReason | null; readonly text: string | null } = {
    reason: null,
    text: null,
  };
  return {
    read({ reason, reasonText }) {
      shown = { reason, text: reasonText };
    },
    async show(reason, text = null) {
      if (reason === shown.reason && text === shown.text) return;
      shown = { reason, text };
      await jobs.setReason(job, reason, text);
    },
  };
}
