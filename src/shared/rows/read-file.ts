/** Reads a local row by the rules of open-file.ts, without blocking the thread while the bytes come. */
import { closeSync, read } from 'node:fs';
import { promisify } from 'node:util';
import { ForebayError } from '../errors.ts';
import { stampOf, type FileStamp } from '../files/file-version.ts';
import type { InputFolders } from '../files/input-folders.ts';
import { createAllowedOpener, toRowError } from './open-file.ts';

export interface ReadFile {
  readonly bytes: Uint8Array;
  /** Undefined if the file may change without a new stamp. */
  readonly stamp: FileStamp | undefined;
}

/** Rejects as FileOpener throws. */
export type FileReader = (path: string, tenant: string) => Promise<ReadFile>;

const readInto = promisify(read);

export function createFileReader(limits: InputFolders & { readonly maxFileBytes: number }): FileReader {
  const openAllowed = createAllowedOpener(limits);
  return async function readFile(path, tenant) {
    const { fd, stamp } = openAllowed(path, tenant);
    try {
      const bytes = Buffer.allocUnsafe(stamp.size);
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await readInto(fd, bytes, filled, bytes.length - filled, null);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return { bytes: bytes.subarray(0, filled), stamp: stampOf(stamp, Date.now()) };
    } catch (error) {
      throw error instanceof ForebayError ? error : toRowError(error);
    } finally {
      closeSync(fd);
    }
  };
}
