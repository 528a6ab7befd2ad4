/** Files that hold the rows of a request. They are on disk before the request is answered, so memory stays constant (G2). */
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ForebayError, messageOf } from '../../errors.ts';
import { syncFolder } from '../../machine/sync-folder.ts';
import type { Line } from './line-reader.ts';

/** Writes the files of one dataset durably, into one folder. Throws ForebayError `storage_unavailable`. */
export async function writeSpool(
  files: readonly (readonly [path: string, pieces: readonly Uint8Array[]])[],
): Promise<void> {
  const folder = dirname(files[0]![0]);
  try {
    await mkdir(folder, { recursive: true });
    for (const [path, pieces] of files) {
      const file = await open(path, 'w');
      try {
        for (const piece of pieces) await file.appendFile(piece);
        await file.sync();
      } finally {
        await file.close();
      }
    }
    await syncFolder(folder);
  } catch (error) {
    throw new ForebayError(
      'storage_unavailable',
      `Cannot write the request's rows to ${folder}: ${messageOf(error)}. Free space there, or make it writable.`,
      { cause: error },
    );
  }
}

/** The JSON value of a line. Throws ForebayError `input_unreadable` only if Forebay's own data folder is damaged. */
export function parseSpooled<T>({ bytes, start }: Line, path: string): T {
  try {
    return JSON.parse(bytes!.toString('utf8')) as T;
  } catch (error) {
    throw new ForebayError('input_unreadable', `The spool file ${path} is damaged at byte ${start}.`, {
      cause: error,
    });
  }
}
