/**
 * Sweeps the output folder of a job that has ended. Removes staged parts of runs that were killed or came too late, and
 * unfinished manifests. Never touches published files or files of the user.
 */
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { noneIfMissing, nullIfMissing } from '../../files/is-missing.ts';
import type { SweptOutput } from '../output.ts';
import { folderPaths } from './folder-paths.ts';
import { removeEmptyStaging, stagedIn } from './staging.ts';

/** Maximum number of files that one step removes from one folder. */
const MOST = 1000;

/**
 * Removes temporary files of the job, and those that name no job, if they were last written before `before` (epoch ms).
 * Throws errors of the disk.
 */
export async function sweepFolder(folder: string, job: string, before: number): Promise<SweptOutput> {
  const { staging, stagingOf } = folderPaths(folder);
  const flat = (await stagedIn(staging)).filter(({ staged }) => staged.kind !== 'owner');
  const own = await stagedIn(stagingOf(job));
  const staged = [...flat, ...own].map(({ path }) => path);
  const beside = (await readdir(folder).catch(noneIfMissing))
    .filter(isTemporary)
    .map((name) => join(folder, name));
  let removed = 0;
  let finished = true;
  for (const path of [...staged, ...beside]) {
    const writtenAt = await lastWritten(path);
    if (writtenAt === null) continue;
    if (writtenAt >= before) {
      finished = false;
      continue;
    }
    if (removed === MOST) return { removed, finished: false };
    await rm(path, { recursive: true, force: true });
    removed += 1;
  }
  // Removes only empty folders, because a run may just have started in one.
  await removeEmptyStaging(folder, job);
  return { removed, finished };
}

/** Epoch ms. Null: the file is gone. */
async function lastWritten(path: string): Promise<number | null> {
  const found = await lstat(path).catch(nullIfMissing);
  return found && found.mtimeMs;
}

/** Older versions, which had no staging folders, left these beside the parts. */
function isTemporary(name: string): boolean {
  return /^manifest\.json\.[0-9a-f-]{36}$/.test(name) || name === 'job.json.new';
}
