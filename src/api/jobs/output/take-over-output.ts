/**
 * Makes an output folder the job's, before anything is published there (ADR 8). The job exists by now and claims the
 * folder. First it discards what others have staged, which stops their runs. Then it judges the folder once more, moves
 * away what the user asked to replace, and writes job.json.
 *
 * Safe to repeat, and fenced: everything goes through a folder of this feeder's own in staging. A feeder that takes the
 * lease over removes that folder, so that one which was frozen in between can neither move nor write anything.
 */
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import type { JobSpec, Opening } from '../../../shared/domain/job.ts';
import { ForebayError } from '../../../shared/errors.ts';
import { LeaseLost } from '../../../shared/queue/lease.ts';
import {
  errorsName,
  isPublishedName,
  outputFolder,
  partName,
} from '../../../shared/storage/output-folder.ts';
import { inFolderNoFollow } from '../../../shared/storage/no-follow.ts';
import { discardStaged, removeEmptyStaging } from '../../../shared/storage/staging.ts';
import { goesOnWith } from '../create/submit-job.ts';
import { checkOutput, outputNames } from './check-output.ts';

/**
 * `holdsLease`: asked once this feeder's folder is there. Throws LeaseLost; ForebayError `output_not_empty`,
 * `resume_mismatch`, `output_changed` where the folder is not as it was at submit; what node:fs fails with.
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
    const leaving = await whatLeaves(spec, opening);
    await inFolderNoFollow(own, async (at) => {
      const root = `${at}/../../..`;
      for (const name of leaving) await moveAway(`${root}/${name}`, `${at}/${name}`, own);
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

/** Names of what is to go, in order: the manifest first, so that it never lists what is not there. */
async function whatLeaves(spec: JobSpec, opening: Opening): Promise<string[]> {
  const names = await outputNames(spec.output);
  const published = names.filter(isPublishedName);
  if (opening.if_output_exists === 'overwrite') {
    return published.filter((name) => name !== 'job.json').toSorted(byManifestFirst);
  }
  if (await isOpenedBefore(spec, published)) return [];
  const found = await checkOutput(spec.output, opening.if_output_exists);
  if (JSON.stringify(found && goesOnWith(found)) !== JSON.stringify(opening.earlier)) {
    throw new ForebayError(
      'resume_mismatch',
      `The output folder "${spec.output}" has changed since the job was submitted. Submit it again.`,
    );
  }
  if (opening.cut_part === null) return [];
  // The part last: while it is there, the block counts as published.
  const cut = [errorsName(opening.cut_part), partName(opening.cut_part)];
  return cut.filter((name) => published.includes(name));
}

/** A feeder before this one got as far as job.json, and what was to go has gone. */
async function isOpenedBefore(spec: JobSpec, published: readonly string[]): Promise<boolean> {
  if (!published.includes('job.json')) return false;
  return (await checkOutput(spec.output, 'resume'))?.id === spec.id;
}

function byManifestFirst(a: string, b: string): number {
  return Number(b === 'manifest.json') - Number(a === 'manifest.json');
}

/** A file that is not there any more has gone already. */
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
