/** Joins the chunks of a stream in memory. */
import { ForebayError } from '../errors.ts';

/** Throws ForebayError `file_too_large`. */
export async function gather(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new ForebayError('file_too_large', `more than ${maxBytes} bytes; the limit is ${maxBytes}`);
    }
    all.push(chunk);
  }
  return all.length === 1 ? all[0]! : Buffer.concat(all);
}
