/**
 * Discards what jobs have staged in an output folder. This is how a new owner of an output fences the old one (ADR 8).
 * Files staged before can no longer be published, and Redis refuses files that are staged later. Only files with Forebay's
 * names are touched, because `_staging` may be a folder of the user.
 */
import { link, lstat, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing, noneIfMissing } from '../../files/is-missing.ts';
import { errorsName, stagedName, type StagedName } from '../output-names.ts';
import { isPublished } from '../is-published.ts';
import { folderPaths } from './folder-paths.ts';
import { readFileNoFollow } from './no-follow.ts';

/** Whose staged files to keep. Everything else is discarded. */
export interface StagingOwner {
  readonly job: string;
  /** The lease of the job's feeder. Of what the job's feeders staged, only the files of this lease stay. */
  readonly lease: string;
}

/**
 * Discards what other jobs and earlier feeders of the job staged. Errors of a published part are first linked to their
 * final name, because the part counts.
 */
export async function discardStaged(folder: string, owner: StagingOwner): Promise<void> {
  const paths = folderPaths(folder);
  const entries = await stagedIn(paths.staging);
  await discardFlat(folder, entries);
  for (const { staged, path } of entries) {
    if (staged.kind !== 'owner') continue;
    const within = await stagedIn(path);
    if (staged.job === owner.job) {
      for (const inner of within) {
        const old = inner.staged.kind === 'feeder' && inner.staged.lease !== owner.lease;
        if (old) await rm(inner.path, { recursive: true, force: true });
      }
      continue;
    }
    await discardFlat(folder, within);
    await rm(path, { recursive: true, force: true });
  }
  await rmdir(paths.staging).catch(() => undefined);
}

/** Discards the staged parts of a job, so that none can be published any more. */
export async function discardStagedParts(folder: string, job: string): Promise<void> {
  for (const { staged, path } of await stagedIn(folderPaths(folder).stagingOf(job))) {
    if (staged.kind === 'part') await rm(path, { force: true });
  }
}

/** Removes everything that a job has staged. */
export async function removeStaging(folder: string, job: string): Promise<void> {
  const paths = folderPaths(folder);
  if (!(await isFolder(paths.staging))) return;
  await rm(paths.stagingOf(job), { recursive: true, force: true });
  await rmdir(paths.staging).catch(() => undefined);
}

/** Removes the staging folders if they are empty. */
export async function removeEmptyStaging(folder: string, job: string): Promise<void> {
  const paths = folderPaths(folder);
  await rmdir(paths.stagingOf(job)).catch(() => undefined);
  await rmdir(paths.staging).catch(() => undefined);
}

export interface StagedEntry {
  readonly staged: StagedName;
  readonly path: string;
}

/** Forebay's own entries of a staging folder. Empty if it is a link or not a folder. */
export async function stagedIn(staging: string): Promise<StagedEntry[]> {
  if (!(await isFolder(staging))) return [];
  const names: string[] = await readdir(staging).catch(noneIfMissing);
  return names.flatMap((name) => {
    const staged = stagedName(name);
    return staged ? [{ staged, path: join(staging, name) }] : [];
  });
}

/**
 * Removes the staged files of one folder. Parts go first, so that afterwards no part can be published whose errors were
 * not checked.
 */
async function discardFlat(folder: string, entries: readonly StagedEntry[]): Promise<void> {
  const of = (kind: StagedName['kind']) => entries.filter(({ staged }) => staged.kind === kind);
  for (const { path } of [...of('part'), ...of('other')]) await rm(path, { force: true });
  for (const { staged, path } of of('errors')) {
    if (staged.kind !== 'errors') continue;
    if (
      await isPublished(async (name) => readFileNoFollow(join(folder, name)), staged.block, staged.partHash)
    ) {
      await link(path, join(folder, errorsName(staged.block))).catch(() => undefined);
    }
    await rm(path, { force: true });
  }
}

async function isFolder(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isDirectory(),
    (error: unknown) => {
      if (isMissing(error)) return false;
      throw error;
    },
  );
}
