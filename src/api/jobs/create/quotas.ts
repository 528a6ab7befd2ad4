/**
 * What a tenant may have at once, checked at submit. Jobs are counted exactly. Rows and bytes are counted as far as
 * known. So two concurrent submits may both pass, and the rows of a folder count only once their number is known. The
 * rows of jobs that a newer version of Forebay created do not count.
 */
import { ForebayError } from '../../../shared/errors.ts';
import { nullIfNewer } from '../../../shared/queue/jobs/job-specs.ts';
import type { JobStore } from '../../../shared/queue/jobs/job-store.ts';
import { counted } from '../../../shared/text/counted.ts';

/** `null`: no limit. */
export interface QuotaLimits {
  /** Jobs queued, running or paused. */
  readonly jobs: number | null;
  /** Unfinished rows of queued, running or paused jobs. */
  readonly rows: number | null;
  /** Bytes of the results of jobs that ended within the retention time. */
  readonly bytes: number | null;
}

export interface Quotas {
  /** Enforced when the job is created. */
  readonly jobs: number | null;
  /** `more`: rows of the submitted job, as far as known. Rejects with ForebayError `quota_rows`. */
  checkRows(tenant: string, more: number): Promise<void>;
  /** Rejects with ForebayError `quota_bytes`. */
  checkBytes(tenant: string): Promise<void>;
}

/** Rows finish soon. Bytes are freed only after the retention time. */
const ROWS_RETRY_S = 10;
const BYTES_RETRY_S = 3600;

export function createQuotas(
  jobs: Pick<JobStore, 'activeOf' | 'get' | 'storedBytes'>,
  limits: QuotaLimits,
): Quotas {
  return {
    jobs: limits.jobs,

    async checkRows(tenant, more) {
      if (limits.rows === null) return;
      const ids = await jobs.activeOf(tenant);
      const records = await Promise.all(ids.map((id) => jobs.get(id).catch(nullIfNewer)));
      const left = records.reduce((sum, record) => {
        if (!record?.total) return sum;
        return sum + Math.max(0, record.total - record.succeeded - record.failed);
      }, 0);
      // At the limit no job is accepted, not even one with an unknown number of rows.
      if (left + more <= limits.rows && left < limits.rows) return;
      throw new ForebayError(
        'quota_rows',
        `Tenant "${tenant}" has ${counted(left, 'unfinished row')}${more === 0 ? '' : ` and asks for ${more} more`}. Its quota is ${limits.rows}. Submit fewer at once, or try again when some have finished.`,
        { retryAfterS: ROWS_RETRY_S },
      );
    },

    async checkBytes(tenant) {
      if (limits.bytes === null) return;
      const stored = await jobs.storedBytes(tenant);
      if (stored < limits.bytes) return;
      throw new ForebayError(
        'quota_bytes',
        `The results of tenant "${tenant}" take ${counted(stored, 'byte')}. Its quota is ${limits.bytes}. Jobs that ended more than seven days ago do not count.`,
        { retryAfterS: BYTES_RETRY_S },
      );
    },
  };
}
