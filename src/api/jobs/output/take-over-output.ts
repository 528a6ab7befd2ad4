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
import { addsFiles } from '../../../shared/domain/job/compaction.ts';
import type { JobSpec, Opening } from '../../../shared/domain/job/job.ts';
import { ForebayError } from '../../../shared/errors.ts';
import { sinkOf } from '../../../shared/sinks/sink-of.ts';
import type { Output } from '../../../shared/storage/output.ts';
import { describesFiles, isFilePath } from '../../../shared/storage/file-names.ts';
import {
  errorsName,
  isPublishedName,
  JOB_NAME,
  MANIFEST_NAME,
  partName,
  SUCCESS_NAME,
} from '../../../shared/storage/output-names.ts';
import { checkOutput, readOutputSpec } from './check-output.ts';
import { continuedJob } from './continued-job.ts';
import { ownFiles } from './own-files.ts';

/**
 * Rejects with LeaseLost. Rejects with ForebayError `output_not_empty`, `resume_mismatch` or `output_changed` if the
 * output has changed since the submit. Rejects with the errors of the storage.
 */
export async function takeOverOutput(
  output: Output,
  spec: JobSpec,
  opening: Opening,
  lease: string,
  holdsLease: () => Promise<boolean>,
): Promise<void> {
  await output.asOwner({ job: spec.id, lease, holdsLease }, async (files) => {
    await files.remove(await filesToRemove(output, spec, opening));
    await files.replace(JOB_NAME, async (add) => add(`${JSON.stringify(spec, null, 2)}\n`));
  });
}

/**
 * Files to remove, in order. What describes the whole output comes first: _SUCCESS, and the manifest, so that it never
 * lists a missing part. A retry only adds parts to finished rows, so it leaves _SUCCESS where it is. But while it
 * adds files, a row may be in both a part and a file. _SUCCESS promises the opposite, so such a retry removes it.
 */
async function filesToRemove(output: Output, spec: JobSpec, opening: Opening): Promise<string[]> {
  const names = await output.names();
  const published = names.filter(isPublishedName);
  if (opening.if_output_exists === 'overwrite') {
    const all = [...published.filter((name) => !describesFiles(name)), ...(await output.filePaths())];
    return all.filter((name) => name !== JOB_NAME).toSorted(byWholeFirst);
  }
  if (await wasTakenOver(output, spec, published)) return [];
  const isRetry = spec.retry_of !== null && !spec.resume;
  const found = isRetry ? await readOutputSpec(output) : await checkOutput(output, opening.if_output_exists);
  if (JSON.stringify(found && continuedJob(found)) !== JSON.stringify(opening.earlier)) {
    throw new ForebayError(
      'resume_mismatch',
      `The output "${spec.output}" has changed since the job was submitted. Submit it again.`,
    );
  }
  const removed = spec.retry_of === null || addsFiles(spec) ? [SUCCESS_NAME] : [];
  // A retry that adds files keeps those of the earlier job, because they count.
  if (found?.compact !== undefined && !(isRetry && addsFiles(spec))) {
    // Here the earlier job ended before its manifest listed its files, so they do not count. This job makes
    // them again from all parts.
    removed.push(...(await ownFiles(output, found)));
  }
  if (opening.cut_part !== null) {
    // The part comes last, because a block counts as published while its part exists.
    removed.push(errorsName(opening.cut_part), partName(opening.cut_part, sinkOf(spec).format));
  }
  return removed.filter((name) => published.includes(name) || isFilePath(name));
}

/** Whether an earlier feeder of this job wrote job.json, which is the last step of a takeover. */
async function wasTakenOver(output: Output, spec: JobSpec, published: readonly string[]): Promise<boolean> {
  if (!published.includes(JOB_NAME)) return false;
  return (await readOutputSpec(output))?.id === spec.id;
}

const WHOLE = [SUCCESS_NAME, MANIFEST_NAME];

function byWholeFirst(a: string, b: string): number {
  return rank(a) - rank(b);
}

function rank(name: string): number {
  const at = WHOLE.indexOf(name);
  return at === -1 ? WHOLE.length : at;
}
