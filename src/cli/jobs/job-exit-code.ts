/** The exit code for a job that has ended. */
import type { JobWire } from '../../api/http/wire/job.ts';
import { EXIT, UsageError } from '../exit-codes.ts';

export interface EmptyFlag {
  readonly allowEmpty?: true;
}

/** Throws UsageError for --allow-empty without --watch. Only a command that waits for the job's end knows its rows. */
export function checkEmptyFlag({ allowEmpty, watch }: EmptyFlag & { readonly watch?: true }): void {
  if (!allowEmpty || watch) return;
  throw new UsageError(
    '--allow-empty has no effect without --watch: add --watch, or leave --allow-empty out',
  );
}

/** 0 only if the job completed. An empty input fails unless it is allowed, because the path is usually mistyped. */
export function exitCodeOfJob(job: JobWire, allowEmpty: boolean): number {
  if (job.status !== 'completed') return EXIT.failed;
  return isEmpty(job) && !allowEmpty ? EXIT.failed : EXIT.ok;
}

/** Says how to accept an empty input. Null if it is accepted, or if the job is not empty. */
export function emptyNote(job: JobWire, allowEmpty: boolean): string | null {
  if (!isEmpty(job) || allowEmpty) return null;
  return 'The input has no rows, which counts as a failure. With --allow-empty it does not.\n';
}

export function isEmpty(job: JobWire): boolean {
  return job.reason === 'empty_dataset' && job.rows.succeeded + job.rows.failed === 0;
}
