/**
 * What a tenant may have at once, checked at submit. Jobs are counted exactly; rows and bytes by what is known then,
 * so that two submits at once may pass together, and a folder counts when its rows have been counted.
 */
import { ForebayError } from '../../../shared/errors.ts';
import type { JobStore } from '../../../shared/queue/job-store.ts';

/** `null`: no limit. */
export interface QuotaLimits {
  /** Jobs queued or running. */
  readonly jobs: number | null;
  /** Rows of such jobs that are still to be done. */
  readonly rows: number | null;
  /** Bytes of results of jobs that ended within the retention time. */
  readonly bytes: number | null;
}

export interface Quotas {
  /** Enforced where a job is admitted. */
  readonly jobs: number | null;
  /** `more`: rows of the job to be submitted, as far as known. ForebayError `quota_rows`. */
  checkRows(tenant: string, more: number): Promise<void>;
  /** ForebayError `quota_bytes`. */
  checkBytes(tenant: string): Promise<void>;
}

/** Rows are done soon; bytes go with the retention time. */
const ROWS_AGAIN_S = 10;
const BYTES_AGAIN_S = 3600;

export function createQuotas(
  jobs: Pick<JobStore, 'activeOf' | 'get' | 'storedBytes'>,
  limits: QuotaLimits,
): Quotas {
  return {
    jobs: limits.jobs,

    async checkRows(tenant, more) {
      if (limits.rows === null) return;
      const records = await Promise.all((await jobs.activeOf(tenant)).map((id) => jobs.get(id)));
      const left = records.reduce((sum, record) => {
        if (!record?.total) return sum;
        return sum + Math.max(0, record.total - record.succeeded - record.failed);
      }, 0);
      // At the limit nothing more is taken, even if its rows are not counted yet.
      if (left + more <= limits.rows && left < limits.rows) return;
      throw new ForebayError(
        'quota_rows',
        `Tenant "${tenant}" has ${left} rows still to be done${more === 0 ? '' : ` and asks for ${more} more`}; its quota is ${limits.rows}. Submit fewer at once, or try again when some are done.`,
        { retryAfterS: ROWS_AGAIN_S },
      );
    },

    async checkBytes(tenant) {
      if (limits.bytes === null) return;
      const stored = await jobs.storedBytes(tenant);
      if (stored < limits.bytes) return;
      throw new ForebayError(
        'quota_bytes',
        `The results of tenant "${tenant}" take ${stored} bytes; its quota is ${limits.bytes}. Jobs that ended seven days ago no longer count.`,
        { retryAfterS: BYTES_AGAIN_S },
      );
    },
  };
}
