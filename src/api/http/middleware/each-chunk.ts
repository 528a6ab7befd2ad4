/** Reads the chunks of a body one by one. */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { freeBuffer } from '../../../shared/process/free-buffer.ts';

export type BodyStream = IncomingMessage | AsyncIterable<Uint8Array>;

/**
 * If `onChunk` returns a promise, the next chunk waits for it. `onChunk` must not keep the chunk. Rejects with what
 * `onChunk` throws, or if the client leaves. The stream then stays open, so that a response can be sent.
 */
export async function eachChunk(
  stream: BodyStream,
  onChunk: (chunk: Uint8Array) => Promise<void> | void,
): Promise<void> {
  if (stream instanceof Readable) return readEvents(stream, onChunk);
  for await (const chunk of stream) await onChunk(chunk);
}

/** Listens to events, because iteration would first copy the chunks that have arrived into one. */
async function readEvents(
  stream: Readable,
  onChunk: (chunk: Uint8Array) => Promise<void> | void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    function end(settle: () => void): void {
      stream.off('data', take).off('end', ended).off('error', failed).off('close', closed);
      settle();
    }
    const ended = () => end(resolve);
    const closed = () =>
      failed(new Error('the client has closed the connection before its body was complete'));
    function failed(error: Error): void {
      stream.pause();
      end(() => reject(error));
    }
    function take(chunk: Buffer): void {
      try {
        const waits = onChunk(chunk);
        if (waits === undefined) return freeBuffer(chunk);
        stream.pause();
        waits.then(() => stream.resume(), failed);
      } catch (error) {
        failed(error as Error);
      }
    }
    if (stream.destroyed) return closed();
    stream.on('data', take).on('end', ended).on('error', failed).on('close', closed);
  });
}
