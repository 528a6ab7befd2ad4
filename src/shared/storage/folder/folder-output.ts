/** An output in a folder of this machine, or of a disk that machines share. */
import { access, constants, lstat, mkdir, readdir, realpath, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LOCAL_FILES } from '../../datasets/bytes/local-files.ts';
import { isInside } from '../../files/is-inside.ts';
import { isMissing, noneIfMissing } from '../../files/is-missing.ts';
import { splitPath } from '../file-names.ts';
import type { ListedFile, Output } from '../output.ts';
import { stagedErrorsName, stagedName, STAGING_NAME } from '../output-names.ts';
import { changeAsOwner } from './change-as-owner.ts';
import { folderPaths } from './folder-paths.ts';
import { folderProblem } from './folder-problem.ts';
import { readFileNoFollow } from './no-follow.ts';
import { placeErrors } from './place-errors.ts';
import { publishInFolder, putInFolder } from './publish-in-folder.ts';
import { filePathsIn } from './list-folder.ts';
import { publishFileInFolder } from './publish-file-in-folder.ts';
import { removeStaged } from './staged-file.ts';
import { discardStagedParts, removeEmptyStaging, removeStaging } from './staging.ts';
import { syncNames } from './sync-names.ts';
import { sweepFolder } from './sweep-folder.ts';

/** `folder`: absolute. */
export function createFolderOutput(folder: string): Output {
  const paths = folderPaths(folder);
  const pathOf = (name: string) => paths.root + name;
  return {
    place: folder,
    fenceMs: 0,
    pathOf,
    prepare: async () => makeFolder(folder),
    names: async () => namesIn(folder),
    list: (prefix) => listFiles(folder, prefix),
    read: async (name, most) => readFileNoFollow(pathOf(name), most),
    open: async (name) => ((await isInPlace(folder, name)) ? openFile(pathOf(name)) : null),
    publish: async (part, permit) => publishInFolder(paths, part, permit),
    putRecord: async (job, name, text) => putInFolder(paths, job, name, text),
    publishFile: async (file, permit) => publishFileInFolder(paths, file, permit),
    syncNames: async (folders) => syncNames(paths, folders),
    filePaths: async () => filePathsIn(folder),
    async dropStaged(job, part, hash) {
      if (hash !== null) await removeStaged(`${paths.stagingOf(job)}/${stagedErrorsName(part, hash)}`);
      await removeEmptyStaging(folder, job);
    },
    placeErrors: async (job, part, partHash) => placeErrors(paths, job, part, partHash),
    asOwner: async (owner, act) => changeAsOwner(paths, owner, act),
    discardStagedParts: async (job) => discardStagedParts(folder, job),
    removeStaging: async (job) => removeStaging(folder, job),
    sweep: async (job, before) => sweepFolder(folder, job, before),
  };
}

async function makeFolder(folder: string): Promise<() => Promise<void>> {
  try {
    const first = await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK | constants.X_OK);
    return async () => removeEmpty(folder, first);
  } catch (error) {
    throw folderProblem(folder, error);
  }
}

/** Removes `folder` and its parents up to `first`, if they are empty. */
async function removeEmpty(folder: string, first: string | undefined): Promise<void> {
  if (first === undefined) return;
  try {
    for (let path = folder; isInside(first, path); path = dirname(path)) await rmdir(path);
  } catch {
    // A folder is no longer empty, because another job has started there.
  }
}

/** Ignores a staging folder that holds only leftovers of killed processes. */
async function namesIn(folder: string): Promise<string[]> {
  const names = await listing(folder);
  if (!names.includes(STAGING_NAME)) return names;
  const staged = await readdir(`${folder}/${STAGING_NAME}`).catch(() => ['not a folder']);
  return staged.every((name) => stagedName(name) !== null)
    ? names.filter((name) => name !== STAGING_NAME)
    : names;
}

async function listing(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw folderProblem(folder, error);
  }
}

/** How many files are looked at together. */
const LOOKED_AT_ONCE = 256;

async function* listFiles(folder: string, prefix: string): AsyncGenerator<ListedFile, void, undefined> {
  const names = (await listing(folder)).filter((name) => name.startsWith(prefix)).toSorted();
  for (let at = 0; at < names.length; at += LOOKED_AT_ONCE) {
    const some = names.slice(at, at + LOOKED_AT_ONCE);
    const found = await Promise.all(some.map(async (name) => lstat(join(folder, name)).catch(noneIfMissing)));
    for (const [i, name] of some.entries()) {
      const file = found[i]!;
      if (!Array.isArray(file) && file.isFile()) yield { name, bytes: file.size };
    }
  }
}

/** Whether no link leads to the folder of a file. */
async function isInPlace(output: string, name: string): Promise<boolean> {
  const { folder } = splitPath(name);
  if (folder === null) return true;
  const path = `${output}/${folder}`;
  return (await realpath(path).catch(() => null)) === path;
}

/** Null for a folder and a link, too. */
async function openFile(path: string) {
  try {
    if (!(await lstat(path)).isFile()) return null;
    const { signal } = new AbortController();
    return await LOCAL_FILES.open(path, signal);
  } catch (error) {
    const cause = (error as Error).cause ?? error;
    if (isMissing(cause)) return null;
    throw cause;
  }
}
