/** Finds where a row of an output is, without reading other parts. */
import { firstPart, JOB_SPEC, type JobSpec } from '../../domain/job/job.ts';
import { parseLines } from '../../sinks/jsonl/jsonl-sink.ts';
import { sinkOf } from '../../sinks/sink-of.ts';
import type { Output } from '../output.ts';
import { outputJobs } from '../output-jobs.ts';
import { errorsName, JOB_NAME, partName } from '../output-names.ts';
import { readManifest } from '../read-manifest.ts';
import { readBlock, type PublishedBlock } from '../read-part.ts';
import { openPartIndex, type PartIndex } from './part-index.ts';

export interface RowPlace {
  /** The number of the part. */
  readonly part: number;
  /** The file that has the row: the part, or its errors if the row failed. */
  readonly name: string;
  readonly failed: boolean;
  /** The row's position in that file. The first row is 0. */
  readonly at: number;
}

/** A job of the output, and its parts from `first` to `end` - 1. Null: its id is not known. */
interface JobParts {
  readonly job: string | null;
  readonly first: number;
  readonly end: number;
}

/**
 * The latest outcome of the row with this index. Null: no published part has it. Reads a part only if a retry may have
 * run the row, or if no record describes the part. Rejects with ForebayError `output_changed` or the errors of the storage.
 */
export async function locateRow(output: Output, index: number): Promise<RowPlace | null> {
  const text = await output.read(JOB_NAME);
  if (text === null) return null;
  const spec = JOB_SPEC.parse(JSON.parse(text.toString('utf8')));
  for (const job of (await jobsOf(output, spec)).toReversed()) {
    const parts = job.job === null ? null : openPartIndex(output, job.job);
    const found =
      job.first === 0
        ? await inFirstJob(output, spec, parts, index)
        : await inRetry(output, spec, parts, job, index);
    if (found !== null) return found;
  }
  return null;
}

/** Oldest first. */
async function jobsOf(output: Output, spec: JobSpec): Promise<JobParts[]> {
  const own = { job: spec.id, first: firstPart(spec), end: Infinity };
  if (own.first === 0) return [own];
  const manifest = await readManifest(output);
  const before = (manifest === null ? [] : outputJobs(manifest)).filter((job) => job.first_part < own.first);
  if (before[0]?.first_part !== 0) return [{ job: null, first: 0, end: own.first }, own];
  const ends = [...before.slice(1).map((job) => job.first_part), own.first];
  return [...before.map(({ job, first_part: first }, i) => ({ job, first, end: ends[i]! })), own];
}

/** The rows of the first job have consecutive indexes, and its blocks have the same size. */
async function inFirstJob(
  output: Output,
  spec: JobSpec,
  parts: PartIndex | null,
  index: number,
): Promise<RowPlace | null> {
  const part = Math.floor(index / spec.options.block_rows);
  const record = (await parts?.of(part)) ?? null;
  if (record === null) {
    const block = await readBlock(output, part, sinkOf(spec));
    return block && inBlock(block, spec, part, index);
  }
  if (index > record.last) return null;
  const place = { part, name: partName(part, sinkOf(spec).format) };
  if (record.errors === null) return { ...place, failed: false, at: index - record.first };
  const errors = await output.read(errorsName(part));
  const failed = errors === null ? [] : parseLines(errors).map((row) => row.index);
  const before = failed.filter((other) => other < index).length;
  if (failed[before] === index) return { part, name: errorsName(part), failed: true, at: before };
  return { ...place, failed: false, at: index - record.first - before };
}

/** The parts of a retry have some of the first job's rows, in the same order. */
async function inRetry(
  output: Output,
  spec: JobSpec,
  parts: PartIndex | null,
  { first, end }: JobParts,
  index: number,
): Promise<RowPlace | null> {
  for (let part = first; part < end; part++) {
    const record = (await parts?.of(part)) ?? null;
    if (record !== null && index < record.first) return null;
    if (record !== null && index > record.last) continue;
    const block = await readBlock(output, part, sinkOf(spec));
    if (block === null) return null;
    const found = await inBlock(block, spec, part, index);
    if (found !== null) return found;
  }
  return null;
}

async function inBlock(
  block: PublishedBlock,
  spec: JobSpec,
  part: number,
  index: number,
): Promise<RowPlace | null> {
  const at = (await block.results()).findIndex((row) => row.index === index);
  if (at >= 0) return { part, name: partName(part, sinkOf(spec).format), failed: false, at };
  const failedAt = (await block.errors()).findIndex((row) => row.index === index);
  return failedAt < 0 ? null : { part, name: errorsName(part), failed: true, at: failedAt };
}
