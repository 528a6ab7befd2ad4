/** The body of a response, chunk by chunk, with the failures of the connection as ForebayErrors. */
import type { Dispatcher } from 'undici';
import { fetchError } from '../net/fetch-outcome.ts';
import { onAbort } from '../process/on-abort.ts';

/** Stops after `limit` bytes. Closes the connection if the body is not read to its end. */
export async function* bodyChunks(
  { body }: Dispatcher.ResponseData,
  { signal, timeoutMs, limit }: { signal: AbortSignal; timeoutMs: number; limit: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  body.on('error', () => {});
  const undo = onAbort(signal, () => void body.destroy());
  let left = limit;
  try {
    signal.throwIfAborted();
    for await (const chunk of body as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      if (chunk.length > left) {
        yield chunk.subarray(0, left);
        return;
      }
      left -= chunk.length;
      yield chunk;
    }
    signal.throwIfAborted();
  } catch (error) {
    signal.throwIfAborted();
    throw fetchError(error, false, timeoutMs);
  } finally {
    undo();
    body.destroy();
  }
}
