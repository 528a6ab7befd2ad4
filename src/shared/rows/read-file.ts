/** Reads a local row by the rules of open-file.ts, without blocking the thread while it waits for the bytes. */
import { closeSync, read } from 'node:fs';
import { promisify } from 'node:util';
import { ForebayError } from '../errors.ts';
import { stampOf, type FileStamp } from '../files/file-version.ts';
import type { InputFolders } from '../files/input-folders.ts';
import { createAllowedOpener, toRowError, type AllowedFile } from './open-file.ts';

export interface ReadFile {
  readonly bytes: Uint8Array;
  /** Undefined if the file may change without a new stamp. */
  readonly stamp: FileStamp | undefined;
}

/** Rejects with the errors that FileOpener throws. */
export type FileReader = (path: string, tenant: string) => Promise<ReadFile>;

const readInto = promisify(read);

export function createFileReader(limits: InputFolders & { readonly maxFileBytes: number }): FileReader {
  const openAllowed = createAllowedOpener(limits);
  return async function readFile(path, tenant) {
    const file = openAllowed(path, tenant);
    try {
      const bytes = await readOpened(file);
      return { bytes, stamp: stampOf(file.stamp, Date.now()) };
    } catch (error) {
      throw error instanceof ForebayError ? error : toRowError(error);
    } finally {
      closeSync(file.fd);
    }
  };
}

/** The bytes of a file up to the size that it had when it was opened. Rejects with the errors of node:fs. */
export async function readOpened({ fd, stamp }: AllowedFile): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(stamp.size);
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await readInto(fd, bytes, filled, bytes.length - filled, null);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
