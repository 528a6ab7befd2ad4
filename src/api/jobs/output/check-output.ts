/**
 * Checks what an output folder holds and whether a job may start there. Tenants can write to their own folders, so the
 * contents are not trusted. For example, a job.json may name any job.
 */
import { z } from 'zod';
import { newerVersion } from '../../../shared/domain/block.ts';
import { JOB_ID } from '../../../shared/domain/job/job-id.ts';
import { JOB_SPEC, SPEC_VERSION, type IfOutputExists, type JobSpec } from '../../../shared/domain/job/job.ts';
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import type { Output } from '../../../shared/storage/output.ts';
import { compactedBy, readManifest } from '../../../shared/storage/read-manifest.ts';
import { isPublishedName, JOB_NAME } from '../../../shared/storage/output-names.ts';

/** Size limit of job.json. Its include and exclude patterns may take up half of it. */
const MAX_JOB_JSON_BYTES = 4 * 1024 * 1024;

/**
 * Changes nothing. With `resume` it returns the spec of the job that left the parts, or null if there is none. Rejects
 * with ForebayError `invalid_request` (not the name of a folder), `output_not_empty`, `resume_mismatch`, `output_changed`,
 * `storage_unavailable`.
 */
export async function checkOutput(output: Output, ifExists: IfOutputExists): Promise<JobSpec | null> {
  const names = await output.names();
  if (names.length === 0 || ifExists === 'overwrite') return null;
  if (ifExists === 'resume') return readEarlierSpec(output, names);
  throw new ForebayError(
    'output_not_empty',
    `The output "${output.place}" is not empty. Choose another, resume the job that it holds ` +
      '(if_output_exists "resume") or replace it (if_output_exists "overwrite").',
  );
}

async function readEarlierSpec(output: Output, names: readonly string[]): Promise<JobSpec | null> {
  const spec = await readSpec(output, names);
  if (spec !== null) await refuseCompacted(output, spec);
  return spec;
}

/** The spec of the job that last wrote an output. Null if there is none. Rejects as `checkOutput` does. */
export async function readOutputSpec(output: Output): Promise<JobSpec | null> {
  return readSpec(output, await output.names());
}

async function readSpec(output: Output, names: readonly string[]): Promise<JobSpec | null> {
  if (names.length === 0) return null;
  const folder = output.place;
  if (!names.includes(JOB_NAME)) {
    if (!names.some(isPublishedName)) return null;
    throw new ForebayError(
      'resume_mismatch',
      `"${folder}" holds files of an output but no job.json that describes them. Use another output, or overwrite this one.`,
    );
  }
  const bytes = await output.read(JOB_NAME, MAX_JOB_JSON_BYTES).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EISDIR') throw error;
    throw new ForebayError(
      'resume_mismatch',
      `job.json in "${folder}" is a folder, so it was not written by Forebay. Use another output.`,
      { cause: error },
    );
  });
  try {
    const data: unknown = JSON.parse(bytes?.toString('utf8') ?? '');
    const newer = newerVersion(data, SPEC_VERSION);
    if (newer !== null) throw writtenByNewer(folder, newer);
    const spec = JOB_SPEC.parse(data);
    if (JOB_ID.safeParse(spec.id).success) return spec;
  } catch (error) {
    if (error instanceof ForebayError) throw error;
    const cause = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new ForebayError(
      'resume_mismatch',
      `job.json in "${folder}" cannot be read by this version of Forebay: ${cause}`,
    );
  }
  throw new ForebayError(
    'resume_mismatch',
    `job.json in "${folder}" names no job, so it was not written by Forebay.`,
  );
}

function writtenByNewer(folder: string, version: number): ForebayError {
  return new ForebayError(
    'resume_mismatch',
    `A newer Forebay wrote "${folder}". Its job.json has version ${version}, and this process reads versions up to ${SPEC_VERSION}. Update this process, or use another output.`,
  );
}

/** A complete output without parts cannot be resumed. */
async function refuseCompacted(output: Output, { compact, id }: JobSpec): Promise<void> {
  if (compact === undefined || compactedBy(await readManifest(output)) !== id) return;
  throw new ForebayError(
    'output_compacted',
    `The output "${output.place}" is complete, and its parts have become larger files, so it cannot be resumed. To run ` +
      `failed rows again, retry job ${id}. For more rows, submit a delta job into another output with this one as ` +
      '`previous`, or the rows as a new job. Else choose another output, or overwrite this one.',
  );
}
