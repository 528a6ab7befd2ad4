/** The jobs that have written an output, as its manifest lists them. */
import { z } from 'zod';

const COUNT = z.int().min(0);

/** An entry of `jobs` in a manifest. It is validated, because others may write to the storage. */
const OUTPUT_JOB = z.object({
  job: z.string(),
  retry_of: z.string().nullable(),
  status: z.string(),
  rows: z.object({ total: COUNT.nullable(), succeeded: COUNT, failed: COUNT }),
  /** Number of its first part. */
  first_part: COUNT,
  created_at: z.string().nullable(),
  finished_at: z.string().nullable(),
});
export type OutputJob = z.infer<typeof OUTPUT_JOB>;

/** The jobs of a manifest, oldest first. Empty if it is not a manifest of Forebay. */
export function outputJobs(manifest: Readonly<Record<string, unknown>>): OutputJob[] {
  const jobs = manifest['jobs'] ?? [{ ...manifest, retry_of: null, first_part: 0 }];
  return z.array(OUTPUT_JOB).safeParse(jobs).data ?? [];
}
