/** Reads the specs of jobs and keeps the latest ones parsed. A spec never changes. */
import { newerVersion } from '../../domain/block.ts';
import { JOB_SPEC, SPEC_VERSION, type JobSpec } from '../../domain/job/job.ts';
import { ForebayError } from '../../errors.ts';

/** Specs that are kept parsed. A feeder reads its job up to a hundred times per second. */
const MAX_KEPT = 256;

export interface JobSpecs {
  /** The parsed spec of a job. Null if it is not kept. */
  known(job: string): JobSpec | null;
  /** Parses a spec, unless the same text was parsed before. Throws ForebayError `newer_version`. */
  read(job: string, text: string): JobSpec;
}

export function createJobSpecs(): JobSpecs {
  const kept = new Map<string, { readonly text: string; readonly spec: JobSpec }>();
  return {
    known: (job) => kept.get(job)?.spec ?? null,
    read(job, text) {
      const known = kept.get(job);
      if (known?.text === text) return known.spec;
      const spec = readJobSpec(text);
      if (kept.size >= MAX_KEPT) kept.clear();
      kept.set(job, { text, spec });
      return spec;
    },
  };
}

/** Whether only a newer version understands the job. Processes of that version handle it. */
export function isNewerVersion(error: unknown): error is ForebayError {
  return error instanceof ForebayError && error.code === 'newer_version';
}

/** For `catch`: a job that only a newer version understands counts as absent. */
export function nullIfNewer(error: unknown): null {
  if (isNewerVersion(error)) return null;
  throw error;
}

function readJobSpec(text: string): JobSpec {
  const data: unknown = JSON.parse(text);
  const version = newerVersion(data, SPEC_VERSION);
  if (version === null) return JOB_SPEC.parse(data);
  throw new ForebayError(
    'newer_version',
    `A newer Forebay made this job. Its data has version ${version}, and this process reads versions up to ${SPEC_VERSION}. Processes of the newer version run the job. Update this process.`,
  );
}
