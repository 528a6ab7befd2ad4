/**
 * Sweeps the output folder of a job that has ended. Removes staged parts of runs that were killed or came too late, and
 * unfinished manifests. Never touches published files or files of the user.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { outputFolder } from '../../shared/storage/output-folder.ts';
import { removeEmptyStaging, stagedIn } from '../../shared/storage/staging.ts';

/** Maximum number of files that one step removes from one folder. */
const MOST = 1000;

/**
 * Removes temporary files of the job, and those that name no job, if they were last written before `before` (epoch ms).
 * Returns how many files were removed.
 */
export async function sweepOutput(folder: string, job: string, before: number): Promise<number> {
  const { staging, stagingOf } = outputFolder(folder);
  const flat = (await stagedIn(staging)).filter(({ staged }) => staged.kind !== 'owner');
  const own = await stagedIn(stagingOf(job));
  const staged = [...flat, ...own].map(({ path }) => path);
  const beside = (await names(folder)).filter(isTemporary).map((name) => join(folder, name));
  let removed = 0;
  for (const path of [...staged, ...beside].slice(0, MOST)) {
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
    if (mtimeMs >= before) continue;
    await rm(path, { recursive: true, force: true });
    removed += 1;
  }
  // Removes only empty folders, because a run may just have started in one.
  await removeEmptyStaging(folder, job);
  return removed;
}

/** Older versions, which had no staging folders, left these beside the parts. */
function isTemporary(name: string): boolean {
  return /^manifest\.json\.[0-9a-f-]{36}$/.test(name) || name === 'job.json.new';
}

async function names(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
