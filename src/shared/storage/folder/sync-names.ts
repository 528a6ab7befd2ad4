/** Syncs the folders of an output, so that a crash of the machine does not lose the names of published files. */
import { syncFolder } from '../../machine/sync-folder.ts';
import { createSemaphore } from '../../process/semaphore.ts';
import { splitPath } from '../file-names.ts';
import type { FolderPaths } from './folder-paths.ts';
import { inFolderNoFollow } from './no-follow.ts';

/** How many folders are synced at once. A disk can combine several syncs. */
const AT_ONCE = 16;

/** See Output.syncNames. Also syncs the parents of the folders, because they hold the folders' names. */
export async function syncNames(
  { folder: output, root }: FolderPaths,
  folders: ReadonlySet<string | null>,
): Promise<void> {
  const all = new Set<string | null>([null]);
  for (const folder of folders) {
    for (let at = folder; at !== null && !all.has(at); at = splitPath(at).folder) all.add(at);
  }
  const atOnce = createSemaphore(AT_ONCE);
  await Promise.all(
    [...all].map(async (folder) =>
      atOnce.use(async () => inFolderNoFollow(folder === null ? output : root + folder, syncFolder)),
    ),
  );
}
