/**
 * Works in folders and reads files without following links. The folder is opened first, then checked to be the one at
 * its path. So a link that replaces the folder afterwards has no effect. That holds on Linux. Other systems only check
 * the path.
 */
import { close, constants, lstat, open, readlink } from 'node:fs';
import { open as openFile, readlink as readlinkOf, realpath } from 'node:fs/promises';
import { ForebayError } from '../../errors.ts';

const LINUX = process.platform === 'linux';
const FOLDER_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** Without O_NONBLOCK, opening a pipe in place of a file would block for ever. */
const FILE_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Calls `act` with a path to the folder, which stays valid until `act` settles. `..` of that path is the real parent.
 * Rejects with `ENOENT` if the folder does not exist, and with ForebayError `output_changed` if a link leads to it.
 */
export async function inFolderNoFollow<T>(folder: string, act: (at: string) => Promise<T>): Promise<T> {
  if (!LINUX) {
    if ((await realpath(folder)) !== folder) throw linked(folder);
    return act(folder);
  }
  const fd = await openFolder(folder);
  try {
    const at = `/proc/self/fd/${fd}`;
    const real = await realPathOf(at);
    if (real === `${folder} (deleted)`) throw gone(folder);
    if (real !== folder) throw linked(folder);
    return await act(at);
  } finally {
    close(fd);
  }
}

/**
 * The bytes of a file. Null if it does not exist. Throws ForebayError `output_changed` if a link leads to it, or if it
 * has more than `most` bytes.
 */
export async function readFileNoFollow(path: string, most = Infinity): Promise<Buffer | null> {
  try {
    const file = await openFile(path, FILE_FLAGS);
    try {
      const real = LINUX ? await readlinkOf(`/proc/self/fd/${file.fd}`) : await realpath(path);
      if (real !== path) throw linked(path);
      if (most !== Infinity && (await file.stat()).size > most) throw tooLarge(path, most);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    if (code === 'ELOOP') throw linked(path);
    throw error;
  }
}

async function openFolder(folder: string): Promise<number> {
  return new Promise((resolve, reject) => {
    open(folder, FOLDER_FLAGS, (error, fd) => {
      if (!error) return resolve(fd);
      if (error.code !== 'ENOTDIR' && error.code !== 'ELOOP') return reject(error);
      lstat(folder, (missing, found) => reject(!missing && found.isSymbolicLink() ? linked(folder) : error));
    });
  });
}

async function realPathOf(at: string): Promise<string> {
  return new Promise((resolve, reject) => {
    readlink(at, (error, real) => (error ? reject(error) : resolve(real)));
  });
}

function gone(folder: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${folder} was removed`), { code: 'ENOENT' });
}

function tooLarge(path: string, most: number): ForebayError {
  return new ForebayError(
    'output_changed',
    `${path} has more than ${most} bytes, so Forebay did not write it.`,
  );
}

function linked(path: string): ForebayError {
  return new ForebayError(
    'output_changed',
    `A link that was not there when the job was submitted leads to ${path}. Forebay does not follow links in an ` +
      'output. Put the folder back, or submit the job to another output.',
  );
}
