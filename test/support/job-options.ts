// The options of a job, for tests of code that gets them.
import type { JobOptions } from '#forebay/shared/domain/job/job.js';

/** What a request for a classifier without options becomes, with blocks of 4 rows. */
export function jobOptions(change: Partial<JobOptions> = {}): JobOptions {
  return {
    batch_size: null,
    block_rows: 4,
    concurrency: null,
    max_errors: null,
    priority: 50,
    top_k: 5,
    decode: null,
    limit: null,
    row_versions: null,
    cache: null,
    ...change,
  };
}
