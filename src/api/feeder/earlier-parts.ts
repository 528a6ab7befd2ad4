/**
 * What a retry finds in its output: the parts of the jobs before it, as their manifest lists them, and how many rows
 * of each errors file are superseded (run again by a later job). Nothing for a job that is no retry.
 */
import type { JobSpec } from '../../shared/domain/job.ts';
import type { JobStore } from '../../shared/queue/job-store.ts';
import { errorsName, errorsNumber, outputFolder, partName } from '../../shared/storage/output-folder.ts';
import { manifestParts, readManifest, type ManifestPart } from '../../shared/storage/read-manifest.ts';
import { readBlock, type PublishedBlock } from '../../shared/storage/read-part.ts';

/** A job of an output, in the manifest's `jobs`. */
export interface OutputJob {
  readonly job: string;
  readonly retry_of: string | null;
  readonly status: string;
  readonly rows: { readonly total: number | null; readonly succeeded: number; readonly failed: number };
  /** Number of its first part. */
  readonly first_part: number;
  readonly created_at: string | null;
  readonly finished_at: string | null;
}

/** The jobs of the output before `spec`, oldest first; what an earlier try of the same retry left out. */
export async function earlierJobs(spec: JobSpec): Promise<OutputJob[]> {
  if (spec.dataset.type !== 'failed') return [];
  const { end } = spec.dataset;
  const manifest = await readManifest(outputFolder(spec.output).manifest);
  return manifest ? outputJobs(manifest).filter((job) => job.first_part < end) : [];
}

/** The jobs that a manifest tells of, oldest first. */
export function outputJobs(manifest: Readonly<Record<string, unknown>>): OutputJob[] {
  if (Array.isArray(manifest['jobs'])) return manifest['jobs'] as OutputJob[];
  const { job, status, rows, created_at, finished_at } = manifest as unknown as OutputJob;
  return [{ job, retry_of: null, status, rows, first_part: 0, created_at, finished_at }];
}

/** In order; only after all of the retry's own parts are counted. */
export async function* earlierParts(
  spec: JobSpec,
  jobs: Pick<JobStore, 'committed'>,
): AsyncGenerator<ManifestPart, void, undefined> {
  const { dataset } = spec;
  if (dataset.type !== 'failed') return;
  /** Failed rows passed so far: the retry's dataset is those of `first` to `end`, in this order. */
  let position = 0;
  for await (const part of listed(spec.output, dataset.end)) {
    const number = part.errors && errorsNumber(part.errors.name);
    if (part.errors === null || number === null) {
      yield part;
      continue;
    }
    let superseded = part.errors.rows;
    if (number >= dataset.first) {
      superseded = await answered(spec, jobs, position, part.errors.rows);
      position += part.errors.rows;
    }
    yield { ...part, errors: { ...part.errors, superseded } };
  }
}

/** How many of `rows` rows of the retry from `position` on are committed. */
async function answered(
  spec: JobSpec,
  jobs: Pick<JobStore, 'committed'>,
  position: number,
  rows: number,
): Promise<number> {
  const size = spec.options.block_rows;
  const first = Math.floor(position / size);
  const blocks = Array.from(
    { length: Math.floor((position + rows - 1) / size) - first + 1 },
    (_, i) => first + i,
  );
  const committed = await jobs.committed(spec.id, blocks);
  let count = 0;
  for (let row = position; row < position + rows; row++) {
    if (committed[Math.floor(row / size) - first]) count += 1;
  }
  return count;
}

/** Parts 0 to `end` - 1: from the manifest, or, where that is gone, from the files. */
async function* listed(folder: string, end: number): AsyncGenerator<ManifestPart, void, undefined> {
  const paths = outputFolder(folder);
  if ((await readManifest(paths.manifest)) !== null) {
    const last = partName(end - 1);
    for await (const part of manifestParts(paths.manifest)) {
      yield part;
      if (part.name === last) return;
    }
    return;
  }
  for (let block = 0; block < end; block++) {
    const found = await readBlock(folder, block);
    if (found) yield partEntry(block, found);
  }
}

/** A part as the manifest lists it. */
export function partEntry(number: number, found: PublishedBlock): ManifestPart {
  return {
    name: partName(number),
    rows: found.counts.succeeded,
    bytes: found.partBytes,
    sha256: found.partHash,
    errors: found.errorsHash
      ? { name: errorsName(number), rows: found.counts.failed, sha256: found.errorsHash }
      : null,
  };
}
