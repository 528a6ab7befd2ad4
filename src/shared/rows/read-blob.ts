/** Reads the bytes of an inline row from the blob file that its request was spooled to. */
import { open } from 'node:fs/promises';
import { ForebayError } from '../errors.ts';

/** Rejects with ForebayError `file_unreadable` if the blob ends early, or with the errors of node:fs. */
export async function readBlob(slice: { path: string; offset: number; length: number }): Promise<Uint8Array> {
  const { path, offset, length } = slice;
  const file = await open(path, 'r');
  try {
    const bytes = Buffer.alloc(length);
    for (let done = 0; done < length;) {
      const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
      if (bytesRead === 0)
        throw new ForebayError('file_unreadable', `the spooled rows in ${path} are truncated`);
      done += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}
