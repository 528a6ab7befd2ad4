/** The exit code for the end of a job. */
import type { JobWire } from '../../api/http/wire/job.ts';
import { EXIT } from '../exit-codes.ts';

export interface EmptyFlag {
  readonly allowEmpty?: true;
}

/** 0 only for a job that completed with rows, because an empty input is usually a typing error. */
export function exitCodeOfJob(job: JobWire, allowEmpty: boolean): number {
  if (job.status !== 'completed') return EXIT.failed;
  return isEmpty(job) && !allowEmpty ? EXIT.failed : EXIT.ok;
}

/** How to accept an empty input. Null if it is accepted, or the job is not empty. */
export function emptyNote(job: JobWire, allowEmpty: boolean): string | null {
  if (!isEmpty(job) || allowEmpty) return null;
  return 'The input has no rows, which counts as a failure. With --allow-empty it does not.\n';
}

export function isEmpty(job: JobWire): boolean {
  return job.reason === 'empty_dataset' && job.rows.succeeded + job.rows.failed === 0;
}
