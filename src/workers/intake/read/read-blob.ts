/** An inline row's bytes out of the blob file that its request was spooled to. */
import { open } from 'node:fs/promises';
import { ForebayError } from '../../../shared/errors.ts';

/** Rejects with ForebayError `file_unreadable` when the blob ends early, else with what node:fs throws. */
export async function readBlob(place: { path: string; offset: number; length: number }): Promise<Uint8Array> {
  const { path, offset, length } = place;
  const file = await open(path, 'r');
  try {
    const bytes = Buffer.alloc(length);
    for (let done = 0; done < length;) {
      const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
      if (bytesRead === 0)
        throw new ForebayError('file_unreadable', `the spooled rows in ${path} are cut short`);
      done += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}
