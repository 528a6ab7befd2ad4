/**
 * What jobs have staged in an output folder, and how it goes. Discarding it is how a new owner of an output fences the
 * old one (ADR 8): what was staged before can no longer be published, and what is staged later is refused by Redis.
 * Only names of Forebay's own are touched: `_staging` may be a user's folder too.
 */
import { link, lstat, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorsName, outputFolder, stagedName, type StagedName } from './output-folder.ts';
import { readBlock } from './read-part.ts';

/** Who may go on: everything else that is staged is discarded. */
export interface StagingOwner {
  readonly job: string;
  /** Of its feeder; null: parts and errors of the job's runs stay, no feeder's files do. */
  readonly lease: string;
}

/**
 * Discards what other jobs staged, and what earlier feeders of the job did. Errors whose part is published are put in
 * their place first: the part counts, so they do.
 */
export async function discardStaged(folder: string, owner: StagingOwner): Promise<void> {
  const paths = outputFolder(folder);
  const entries = await stagedIn(paths.staging);
  // Parts first: once they are gone, no part can appear whose errors were not looked at.
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

/** Discards the parts that runs of a job have staged, so that none appears any more. */
export async function discardStagedParts(folder: string, job: string): Promise<void> {
  for (const { staged, path } of await stagedIn(outputFolder(folder).stagingOf(job))) {
    if (staged.kind === 'part') await rm(path, { force: true });
  }
}

/** Removes all that a job has staged. */
export async function removeStaging(folder: string, job: string): Promise<void> {
  const paths = outputFolder(folder);
  if (!(await isFolder(paths.staging))) return;
  await rm(paths.stagingOf(job), { recursive: true, force: true });
  await rmdir(paths.staging).catch(() => undefined);
}

/** Removes the folders that staging leaves, where nothing is in them. */
export async function removeEmptyStaging(folder: string, job: string): Promise<void> {
  const paths = outputFolder(folder);
  await rmdir(paths.stagingOf(job)).catch(() => undefined);
  await rmdir(paths.staging).catch(() => undefined);
}

export interface StagedEntry {
  readonly staged: StagedName;
  readonly path: string;
}

/** Forebay's own entries of a staging folder; none where it is no folder, or a link. */
export async function stagedIn(staging: string): Promise<StagedEntry[]> {
  if (!(await isFolder(staging))) return [];
  const names = await readdir(staging).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.flatMap((name) => {
    const staged = stagedName(name);
    return staged ? [{ staged, path: join(staging, name) }] : [];
  });
}

/** Removes staged files of one folder, errors after the parts that they belong to. */
async function discardFlat(folder: string, entries: readonly StagedEntry[]): Promise<void> {
  const of = (kind: StagedName['kind']) => entries.filter(({ staged }) => staged.kind === kind);
  for (const { path } of [...of('part'), ...of('other')]) await rm(path, { force: true });
  for (const { staged, path } of of('errors')) {
    if (staged.kind !== 'errors') continue;
    const part = await readBlock(folder, staged.block, false);
    if (part?.partHash === staged.partHash) {
      await link(path, join(folder, errorsName(staged.block))).catch(() => undefined);
    }
    await rm(path, { force: true });
  }
}

async function isFolder(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
