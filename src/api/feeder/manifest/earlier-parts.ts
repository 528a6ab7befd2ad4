/**
 * Reads what a retry finds in its output: the earlier jobs and their parts, as the manifest lists them. Counts how many
 * rows of each errors file a later job has answered. Finds nothing for a job that is not a retry.
 */
import type { JobSpec } from '../../../shared/domain/job/job.ts';
import type { JobStore } from '../../../shared/queue/jobs/job-store.ts';
import type { Output } from '../../../shared/storage/output.ts';
import { errorsName, errorsNumber, partName, partNumber } from '../../../shared/storage/output-names.ts';
import type { PartFormat } from '../../../shared/domain/job/part-format.ts';
import { sinkOf } from '../../../shared/sinks/sink-of.ts';
import type { Sink } from '../../../shared/sinks/sink.ts';
import { outputJobs, type OutputJob } from '../../../shared/storage/output-jobs.ts';
import { manifestParts, readManifest, type ManifestPart } from '../../../shared/storage/read-manifest.ts';
import type { PartFacts } from '../../../shared/domain/part-record.ts';
import { readBlock } from '../../../shared/storage/read-part.ts';

/** The output's jobs before the retry `spec`, oldest first. Earlier attempts to finish the same retry are left out. */
export async function earlierJobs(output: Output, spec: JobSpec): Promise<OutputJob[]> {
  if (spec.dataset.type !== 'failed') return [];
  const { end } = spec.dataset;
  const manifest = await readManifest(output);
  return manifest ? outputJobs(manifest).filter((job) => job.first_part < end) : [];
}

/** The earlier parts, in order. Call this only after all of the retry's own parts are counted. */
export async function* earlierParts(
  output: Output,
  spec: JobSpec,
  jobs: Pick<JobStore, 'committed'>,
): AsyncGenerator<ManifestPart, void, undefined> {
  const { dataset } = spec;
  if (dataset.type !== 'failed') return;
  /**
   * Number of failed rows in the files before the current one. The retry's dataset is the failed rows of the files
   * `first` to `end` - 1, in this order.
   */
  let position = 0;
  for await (const part of listed(output, sinkOf(spec), dataset.end)) {
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

/** Counts the committed rows among `rows` rows of the retry, starting at `position`. */
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

/** Parts 0 to `end` - 1, from the manifest, or from the files if the manifest is gone. */
async function* listed(
  output: Output,
  sink: Sink,
  end: number,
): AsyncGenerator<ManifestPart, void, undefined> {
  if ((await readManifest(output)) !== null) {
    const last = partName(end - 1, sink.format);
    for await (const part of manifestParts(output)) {
      yield part;
      if (part.name === last) return;
    }
    return;
  }
  const numbers = (await output.names()).flatMap((name) => partNumber(name) ?? []);
  for (const number of numbers.filter((n) => n < end).toSorted((a, b) => a - b)) {
    const found = await readBlock(output, number, sink);
    if (found) yield partEntry(number, sink.format, await found.facts());
  }
}

/** The manifest's entry for a part. */
export function partEntry(number: number, format: PartFormat, facts: PartFacts): ManifestPart {
  const { succeeded, failed, bytes, sha256, errors } = facts;
  return {
    name: partName(number, format),
    rows: succeeded,
    bytes,
    sha256,
    errors: errors && { name: errorsName(number), rows: failed, sha256: errors.sha256 },
  };
}
