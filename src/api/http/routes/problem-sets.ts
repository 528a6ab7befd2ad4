/** Problems that several endpoints share. */
import type { ErrorCode } from '../../../shared/errors.ts';

/** Problems of every request that names a job. A newer version of Forebay may have created that job. */
export const JOB_PROBLEMS: readonly ErrorCode[] = ['job_not_found', 'newer_version'];

/** Problems of every request that settles a job's model, input and output, even if it creates no job. */
export const SETTLE_PROBLEMS: readonly ErrorCode[] = [
  'path_not_allowed',
  'model_not_found',
  'job_not_found',
  'invalid_state',
  'resume_mismatch',
  'output_compacted',
  'output_changed',
  'input_not_found',
  'input_unreadable',
  'invalid_model_config',
  'storage_unavailable',
  'too_many_pipelines',
];

/** Problems of every request that creates a job (jobs/create/accept-job.ts). */
export const CREATE_PROBLEMS: readonly ErrorCode[] = [
  ...SETTLE_PROBLEMS,
  'url_not_allowed',
  'output_in_use',
  'too_many_jobs',
  'quota_jobs',
  'quota_rows',
  'quota_bytes',
];

/** Problems of reading the input of a row. */
export const ROW_INPUT_PROBLEMS: readonly ErrorCode[] = [
  'not_found',
  'dataset_changed',
  'output_changed',
  'path_not_allowed',
  'url_not_allowed',
  'access_denied',
  'file_not_found',
  'file_unreadable',
  'file_too_large',
  'empty_file',
  'invalid_row',
  'input_not_found',
  'input_unreadable',
  'storage_unavailable',
  'fetch_failed',
  'fetch_status',
  'fetch_unavailable',
  'fetch_inflated',
  'fetch_redirects',
  'fetch_tls',
  'fetch_unreadable',
  'fetch_timeout',
  'too_many_large_requests',
  'deadline_passed',
];
