/** Cause and fix of the errors that end a job as a whole. */
import type { ErrorCode } from '../errors.ts';
import type { ErrorAdvice } from './error-advice.ts';

export const JOB_ERRORS = {
  too_many_errors: {
    cause: 'More rows failed than `max_errors` allows, so the job stopped.',
    fix: 'Read `errors-*.jsonl`, fix the rows or raise `max_errors`, then resume the output.',
  },
  all_rows_failed: {
    cause: 'Every row failed, which points to the model or the input as a whole.',
    fix: 'Read the first lines of `errors-*.jsonl`. `forebay plan` tries a sample of the rows.',
  },
  newer_version: {
    cause: 'A newer Forebay made this job, and this process does not know its format.',
    fix: 'Update this process, or leave the job to those of the newer version.',
  },
  dataset_changed: {
    cause: 'The input changed after the job began, so its rows are no longer the same.',
    fix: 'Submit it as a new job with another output, or overwrite this one.',
  },
  output_changed: {
    cause:
      'The output folder is not as the job left it: a file stands in the place of a part, or a link in the place of the folder.',
    fix: 'Remove what the message names and resume the output, or submit the job to another output.',
  },
  block_failed: {
    cause: 'A block of rows failed in every run, for a reason that is not one of its rows.',
    fix: "Look for the reason in `error` and in the worker's log, fix it, then resume the output.",
  },
  storage_unavailable: {
    cause: 'The disk of the output or of the data folder is full, read-only or not mounted.',
    fix: 'Free space or make the folder writable, then retry or resume.',
  },
} as const satisfies Partial<Record<ErrorCode, ErrorAdvice>>;
