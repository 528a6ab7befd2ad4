/** Reads a file of an output with `read`, and closes it. Null if there is no such file. */
import type { ByteFile } from '../datasets/bytes/byte-file.ts';
import type { Output } from './output.ts';

export async function inFile<T>(
  output: Pick<Output, 'open'>,
  name: string,
  read: (file: ByteFile) => Promise<T>,
): Promise<T | null> {
  const file = await output.open(name);
  if (file === null) return null;
  try {
    return await read(file);
  } finally {
    await file.close();
  }
}
