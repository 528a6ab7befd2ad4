/**
 * Checks what an output folder holds and whether a job may start there. Tenants can write to their own folders, so the
 * contents are not trusted. For example, a job.json may name any job.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { JOB_ID } from '../../../shared/domain/job/job-id.ts';
import { JOB_SPEC, type IfOutputExists, type JobSpec } from '../../../shared/domain/job/job.ts';
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import { isPublishedName, outputFolder, stagedName } from '../../../shared/storage/output-folder.ts';
import { readFileNoFollow } from '../../../shared/storage/no-follow.ts';

/** Size limit of job.json. Its include and exclude patterns may take up half of it. */
const MAX_JOB_JSON_BYTES = 4 * 1024 * 1024;

/**
 * Changes nothing. With `resume` it returns the spec of the job that left the parts, or null if there is none. Rejects
 * with ForebayError `invalid_request` (not the name of a folder), `output_not_empty`, `resume_mismatch`, `output_changed`,
 * `storage_unavailable`.
 */
export async function checkOutput(folder: string, ifExists: IfOutputExists): Promise<JobSpec | null> {
  const names = await outputNames(folder);
  if (names.length === 0 || ifExists === 'overwrite') return null;
  if (ifExists === 'resume') return readEarlierSpec(folder, names);
  throw new ForebayError(
    'output_not_empty',
    `The output folder "${folder}" is not empty. Choose another, resume the job that it holds ` +
      '(if_output_exists "resume") or replace it (if_output_exists "overwrite").',
  );
}

/**
 * Names in the folder. Ignores a staging folder that holds only leftovers of killed processes. Empty if the folder does
 * not exist.
 */
export async function outputNames(folder: string): Promise<string[]> {
  const names = await listing(folder);
  if (!names.includes('_staging')) return names;
  const staged = await readdir(join(folder, '_staging')).catch(() => ['not a folder']);
  return staged.every((name) => stagedName(name) !== null)
    ? names.filter((name) => name !== '_staging')
    : names;
}

async function listing(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    throw outputProblem(folder, error);
  }
}

/** Errors that mean that the name is wrong, not the storage. */
const WRONG_NAME: Readonly<Record<string, string>> = {
  ENAMETOOLONG: 'names a folder whose name is too long for the file system (often 255 bytes)',
  ENOTDIR: 'names a file, or a path below a file, but an output is a folder',
  EEXIST: 'names a file, but an output is a folder',
  ELOOP: 'leads through too many symbolic links',
};

/** Turns a failure of node:fs on an output folder into an error for the client. */
export function outputProblem(folder: string, error: unknown): ForebayError {
  const wrong = WRONG_NAME[(error as NodeJS.ErrnoException).code ?? ''];
  if (wrong !== undefined) return wrongOutput(wrong, error);
  return new ForebayError(
    'storage_unavailable',
    `Cannot use the output folder ${folder}: ${messageOf(error)}`,
    { cause: error },
  );
}

export function wrongOutput(why: string, cause?: unknown): ForebayError {
  return new ForebayError('invalid_request', `The output ${why}. Choose another.`, {
    cause,
    issues: [{ path: '/output', message: why }],
  });
}

async function readEarlierSpec(folder: string, names: readonly string[]): Promise<JobSpec | null> {
  if (!names.includes('job.json')) {
    if (!names.some(isPublishedName)) return null;
    throw new ForebayError(
      'resume_mismatch',
      `"${folder}" holds files of an output but no job.json that describes them. Use another output, or overwrite this one.`,
    );
  }
  const bytes = await readFileNoFollow(outputFolder(folder).job, MAX_JOB_JSON_BYTES).catch(
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EISDIR') throw error;
      throw new ForebayError(
        'resume_mismatch',
        `job.json in "${folder}" is a folder, so it was not written by Forebay. Use another output.`,
        { cause: error },
      );
    },
  );
  try {
    const spec = JOB_SPEC.parse(JSON.parse(bytes?.toString('utf8') ?? ''));
    if (JOB_ID.safeParse(spec.id).success) return spec;
  } catch (error) {
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
