/**
 * Works in a folder that was opened and proven to be where its path says: no part of the path is a link. Whoever swaps
 * the folder for a link afterwards leads nobody elsewhere.
 */
import { close, constants, lstat, open, readlink } from 'node:fs';
import { open as openFile, readlink as readlinkOf, realpath } from 'node:fs/promises';
import { ForebayError } from '../errors.ts';

const LINUX = process.platform === 'linux';
const FOLDER_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** Without O_NONBLOCK a pipe in place of a file would be waited for without end. */
const FILE_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * `act` gets a path to the folder that holds until it returns; `..` from it is the real parent. Rejects with `ENOENT`
 * where there is no such folder, with ForebayError `output_changed` where a link leads to it.
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
 * The bytes of a file; null where there is none. ForebayError `output_changed` where a link leads to it, or it has more
 * than `most` bytes.
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
  return new ForebayError('output_changed', `${path} has more than ${most} bytes: Forebay did not write it.`);
}

function linked(path: string): ForebayError {
  return new ForebayError(
    'output_changed',
    `${path} is reached through a link, which was not there when the job was submitted. Links in an output are not ` +
      'followed: put the folder back, or submit the job to another output.',
  );
}
