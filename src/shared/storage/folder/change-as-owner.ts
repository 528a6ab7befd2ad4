/**
 * Changes published files of an output folder as its owner. All files pass through a staging folder that belongs to one
 * feeder. A feeder that takes over the lease removes that folder. After that, the earlier feeder can neither move nor
 * write anything.
 */
import { mkdir, open, rename, rm, rmdir, stat, type FileHandle } from 'node:fs/promises';
import { syncFolder } from '../../machine/sync-folder.ts';
import { LeaseLost } from '../../queue/jobs/lease.ts';
import { DATA_FOLDER, splitPath } from '../file-names.ts';
import type { OutputOwner, OwnedFiles } from '../output.ts';
import type { FolderPaths } from './folder-paths.ts';
import { inFolderNoFollow } from './no-follow.ts';
import { discardStaged, removeEmptyStaging } from './staging.ts';

export async function changeAsOwner<T>(
  paths: FolderPaths,
  { job, lease, holdsLease }: OutputOwner,
  act: (files: OwnedFiles) => Promise<T>,
): Promise<T> {
  const { folder } = paths;
  await discardStaged(folder, { job, lease });
  const own = paths.stagingOfFeeder(job, lease);
  await mkdir(own, { recursive: true });
  try {
    // From here on the next feeder finds this folder.
    if (!(await holdsLease())) throw new LeaseLost(job);
    return await inFolderNoFollow(own, async (at) => act(filesThrough(at, own, paths)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !(await exists(own))) {
      throw new LeaseLost(job);
    }
    throw error;
  } finally {
    await rm(own, { recursive: true, force: true });
    await removeEmptyStaging(folder, job);
  }
}

/** `at`: a path to the folder `own` that stays valid. */
function filesThrough(at: string, own: string, paths: FolderPaths): OwnedFiles {
  const root = `${at}/../../..`;
  return {
    async remove(names) {
      const emptied = new Set<string>();
      for (const path of names) {
        const { folder, name } = splitPath(path);
        if (folder === null) {
          await moveAway(`${root}/${name}`, `${at}/${name}`, own);
          continue;
        }
        emptied.add(folder);
        await inFolderNoFollow(paths.root + folder, async (within) =>
          moveAway(`${within}/${name}`, `${at}/${name}`, own),
        ).catch(async (error: unknown) => ignoreIfGone(error, own));
      }
      const ofFiles = [...emptied].filter((folder) => folder.includes('/'));
      for (const folder of [...ofFiles, ...(emptied.size > 0 ? [DATA_FOLDER] : [])]) {
        await rmdir(`${root}/${folder}`).catch(() => undefined);
      }
    },
    async replace(name, write) {
      const made = `${at}/${name}.new`;
      const file = await open(made, 'w');
      let result;
      try {
        result = await write(async (text) => writeText(file, text));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(made, `${root}/${name}`);
      await syncFolder(root);
      return result;
    },
  };
}

async function writeText(file: FileHandle, text: string): Promise<void> {
  if (text !== '') await file.writeFile(text);
}

/** Ignores a file that has already been moved away. */
async function moveAway(from: string, to: string, own: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    await ignoreIfGone(error, own);
  }
}

/** Without its folder `own`, the feeder has been fenced. */
async function ignoreIfGone(error: unknown, own: string): Promise<void> {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || !(await exists(own))) throw error;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
