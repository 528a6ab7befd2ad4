/**
 * Makes an output folder the job's own, before anything is published there (ADR 8). By now the job exists and claims
 * the folder. First, what others have staged is discarded, so that they cannot publish it. Then the folder is checked
 * once more, files that the user asked to replace are moved away, and job.json is written.
 *
 * The caller holds the job's lease. It is the process that took the request, or a feeder. In this file, both are called
 * feeders.
 *
 * This is safe to repeat, and it is fenced. All files pass through a staging folder that belongs to this feeder. A
 * feeder that takes over the lease removes that folder. After that, the earlier feeder can neither move nor write
 * anything.
 */
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import type { JobSpec, Opening } from '../../../shared/domain/job/job.ts';
import { ForebayError } from '../../../shared/errors.ts';
import { LeaseLost } from '../../../shared/queue/jobs/lease.ts';
import {
  errorsName,
  isPublishedName,
  outputFolder,
  partName,
  SUCCESS_NAME,
} from '../../../shared/storage/output-folder.ts';
import { inFolderNoFollow } from '../../../shared/storage/no-follow.ts';
import { sinkOf } from '../../../shared/sinks/sink-of.ts';
import { discardStaged, removeEmptyStaging } from '../../../shared/storage/staging.ts';
import { checkOutput, outputNames } from './check-output.ts';
import { continuedJob } from './continued-job.ts';

/**
 * `holdsLease` is called after this feeder's folder exists. Rejects with LeaseLost. Rejects with ForebayError
 * `output_not_empty`, `resume_mismatch` or `output_changed` if the folder has changed since the submit. Rejects with
 * the errors of node:fs.
 */
export async function takeOverOutput(
  spec: JobSpec,
  opening: Opening,
  lease: string,
  holdsLease: () => Promise<boolean>,
): Promise<void> {
  const paths = outputFolder(spec.output);
  await discardStaged(spec.output, { job: spec.id, lease });
  const own = paths.stagingOfFeeder(spec.id, lease);
  await mkdir(own, { recursive: true });
  try {
    if (!(await holdsLease())) throw new LeaseLost(spec.id);
    const removed = await filesToRemove(spec, opening);
    await inFolderNoFollow(own, async (at) => {
      const root = `${at}/../../..`;
      for (const name of removed) await moveAway(`${root}/${name}`, `${at}/${name}`, own);
      await writeFile(`${at}/job.json.new`, `${JSON.stringify(spec, null, 2)}\n`);
      await rename(`${at}/job.json.new`, `${root}/job.json`);
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !(await exists(own))) {
      throw new LeaseLost(spec.id);
    }
    throw error;
  } finally {
    await rm(own, { recursive: true, force: true });
    await removeEmptyStaging(spec.output, spec.id);
  }
}

/**
 * Files to move away, in order. What describes the whole output comes first: _SUCCESS, and the manifest, so that it never
 * lists a missing part. A retry only adds parts to finished rows, so it leaves _SUCCESS where it is.
 */
async function filesToRemove(spec: JobSpec, opening: Opening): Promise<string[]> {
  const names = await outputNames(spec.output);
  const published = names.filter(isPublishedName);
  if (opening.if_output_exists === 'overwrite') {
    return published.filter((name) => name !== 'job.json').toSorted(byWholeFirst);
  }
  if (await wasTakenOver(spec, published)) return [];
  const found = await checkOutput(spec.output, opening.if_output_exists);
  if (JSON.stringify(found && continuedJob(found)) !== JSON.stringify(opening.earlier)) {
    throw new ForebayError(
      'resume_mismatch',
      `The output folder "${spec.output}" has changed since the job was submitted. Submit it again.`,
    );
  }
  const removed = spec.retry_of === null ? [SUCCESS_NAME] : [];
  if (opening.cut_part !== null) {
    // The part comes last, because a block counts as published while its part exists.
    removed.push(errorsName(opening.cut_part), partName(opening.cut_part, sinkOf(spec).format));
  }
  return removed.filter((name) => published.includes(name));
}

/** Whether an earlier feeder of this job wrote job.json, which is the last step of a takeover. */
async function wasTakenOver(spec: JobSpec, published: readonly string[]): Promise<boolean> {
  if (!published.includes('job.json')) return false;
  return (await checkOutput(spec.output, 'resume'))?.id === spec.id;
}

const WHOLE = [SUCCESS_NAME, 'manifest.json'];

function byWholeFirst(a: string, b: string): number {
  return rank(a) - rank(b);
}

function rank(name: string): number {
  const at = WHOLE.indexOf(name);
  return at === -1 ? WHOLE.length : at;
}

/** Ignores a file that has already been moved away. */
async function moveAway(from: string, to: string, own: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || !(await exists(own))) throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
