/** Publishes a compacted file in a folder, as publish-in-folder.ts does with a part. */
import { mkdir, open } from 'node:fs/promises';
import { splitPath } from '../file-names.ts';
import type { FileOutcome, FileToPublish } from '../output.ts';
import type { FolderPaths } from './folder-paths.ts';
import { inFolderNoFollow } from './no-follow.ts';
import { inStaging } from './publish-in-folder.ts';
import { linkStaged, removeStaged, type LinkOutcome } from './staged-file.ts';

export async function publishFileInFolder(
  paths: FolderPaths,
  { job, path, token, write }: FileToPublish,
  permit: () => Promise<boolean>,
): Promise<FileOutcome> {
  const { folder, name } = splitPath(path);
  let began = false;
  return inStaging(
    paths,
    job,
    () => !began,
    async (at) => {
      began = true;
      const staged = `${at}/${name}.${token}`;
      try {
        await writeFile(staged, write);
        if (!(await permit())) return 'refused';
        const outcome =
          folder === null
            ? await linkStaged(staged, `${at}/../../${name}`)
            : await linkInFolder(staged, paths, folder, name);
        return outcome === 'linked' ? 'stored' : outcome;
      } finally {
        await removeStaged(staged);
      }
    },
  );
}

/** Parts are removed once their file counts, so the file must be on the disk by then. */
async function writeFile(staged: string, write: FileToPublish['write']): Promise<void> {
  const file = await open(staged, 'w');
  try {
    await write(async (bytes) => file.writeFile(bytes));
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Creates the folder without following links, so that none leads out of the output. */
async function linkInFolder(
  staged: string,
  { folder: output, root }: FolderPaths,
  folder: string,
  name: string,
): Promise<LinkOutcome> {
  let parent = output;
  for (const step of folder.split('/')) {
    await inFolderNoFollow(parent, async (at) => mkdir(`${at}/${step}`).catch(ignoreExisting));
    parent = `${parent === output ? root : `${parent}/`}${step}`;
  }
  return inFolderNoFollow(parent, async (at) => linkStaged(staged, `${at}/${name}`));
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
