/** What a job's end means for the shell. */
import type { JobWire } from '../../api/http/wire/job.ts';
import { EXIT } from '../exit-codes.ts';

export interface EmptyFlag {
  readonly allowEmpty?: true;
}

/** 0 only for a job that completed with rows: an empty input is most often a typing error. */
export function exitCodeOfJob(job: JobWire, allowEmpty: boolean): number {
  if (job.status !== 'completed') return EXIT.failed;
  return isEmpty(job) && !allowEmpty ? EXIT.failed : EXIT.ok;
}

/** How to have an empty input accepted; null where it is, or the job is not empty. */
export function emptyNote(job: JobWire, allowEmpty: boolean): string | null {
  if (!isEmpty(job) || allowEmpty) return null;
  return 'The input holds no row, which counts as a failure. With --allow-empty it does not.\n';
}

export function isEmpty(job: JobWire): boolean {
  return job.reason === 'empty_dataset' && job.rows.succeeded + job.rows.failed === 0;
}
