/** Cause and fix of the errors that end a whole job. */
import type { ErrorCode } from '../errors.ts';
import type { ErrorAdvice } from './error-advice.ts';
import { DELTA_INSTEAD, RESUME_INSTEAD } from './partition-advice.ts';

export const JOB_ERRORS = {
  too_many_errors: {
    cause: 'More rows failed than `max_errors` allows, so the job stopped.',
    fix: 'Read `errors-*.jsonl`, fix the rows or raise `max_errors`, then resume the output.',
  },
  all_rows_failed: {
    cause: 'Every row failed. The model or the input as a whole is probably wrong.',
    fix: 'Read the first lines of `errors-*.jsonl`. `forebay plan` tries a sample of the rows.',
  },
  dataset_changed: {
    cause:
      'The input changed after the job started, so its rows are no longer the same. As the error of a row: its object on S3 or Azure changed after it was listed.',
    fix: 'Submit a new job with another output, or overwrite this output. For rows, retry the job.',
  },
  output_changed: {
    cause:
      'The output folder was changed. A file that this job did not write has the name of a part, or a link has replaced the folder.',
    fix: 'Remove what the message names and resume the output, or submit the job with another output.',
  },
  block_failed: {
    cause: 'A block of rows failed in every run, and none of its rows is the reason.',
    fix: "Find the reason in `error` and in the worker's log, fix it, then resume the output.",
  },
  invalid_partition: {
    cause:
      'The column of `partition_by` has more than 4,096 values in the parts of one task, one that is too long for the name of a folder, or the text `__HIVE_DEFAULT_PARTITION__`, which stands for null. All results are in the parts.',
    fix: `${RESUME_INSTEAD} If a retry has failed, a resume would end in the same way. ${DELTA_INSTEAD}`,
  },
  storage_unavailable: {
    cause:
      'A disk is full, read-only or not mounted, or S3, Azure or a web server does not answer. A running job waits until the storage works again. The job fails only if a part that it has written is gone.',
    fix: 'Free space or make the folder writable, then retry or resume.',
  },
} as const satisfies Partial<Record<ErrorCode, ErrorAdvice>>;
