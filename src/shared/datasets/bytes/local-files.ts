/** Files of datasets on this machine. */
import { open, type FileHandle } from 'node:fs/promises';
import { ForebayError, messageOf } from '../../errors.ts';
import { versionOf } from '../../stores/file/file-version.ts';
import type { ByteFile, ByteFiles } from './byte-file.ts';

/** Reads files as they are, also compressed ones. */
export const LOCAL_FILES: ByteFiles = {
  open: openLocal,
  openHead: openLocal,
};

async function openLocal(path: string): Promise<ByteFile> {
  const file = await open(path, 'r').catch((error: unknown) => Promise.reject(openError(path, error)));
  try {
    const found = await file.stat({ bigint: true });
    return openedFile(file, { name: path, size: Number(found.size), version: versionOf(found) });
  } catch (error) {
    await file.close();
    throw unreadable(path, error);
  }
}

/** Takes over the open file. */
export function openedFile(
  file: FileHandle,
  about: Pick<ByteFile, 'name' | 'size' | 'version' | 'compression'>,
): ByteFile {
  return {
    ...about,
    async read(into, position, signal) {
      signal.throwIfAborted();
      let filled = 0;
      while (filled < into.length) {
        const left = into.length - filled;
        const { bytesRead } = await file
          .read(into, filled, left, position + filled)
          .catch((error: unknown) => Promise.reject(unreadable(about.name, error)));
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled;
    },
    close: async () => file.close(),
  };
}

function openError(path: string, error: unknown): ForebayError {
  const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
  return missing
    ? new ForebayError('input_not_found', `The file ${path} does not exist.`, { cause: error })
    : unreadable(path, error);
}

function unreadable(path: string, cause: unknown): ForebayError {
  return new ForebayError('input_unreadable', `Cannot read ${path}: ${messageOf(cause)}.`, { cause });
}
