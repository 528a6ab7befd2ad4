/** The jobs that have written an output, as its manifest lists them. */
import { z } from 'zod';
import { compactedBy } from './read-manifest.ts';

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

/** Whether the parts of a job have become files that count, according to the manifest of its output. */
export function isInFiles(manifest: Readonly<Record<string, unknown>> | null, job: string): boolean {
  return (
    manifest !== null && compactedBy(manifest) !== null && outputJobs(manifest).some((one) => one.job === job)
  );
}
