/**
 * Frees the memory of a large buffer at once. V8 counts the memory of dead buffers until it collects them. After about
 * 20 MB, it collects the whole heap, which costs as much as a hundred requests (ADR 27).
 */
import { MessageChannel } from 'node:worker_threads';

/** Smaller buffers are cheap to collect. */
export const LARGE_BUFFER_BYTES = 16 * 1024;

/** Nobody receives what is sent, so its memory is freed. */
const { port1: nowhere, port2 } = new MessageChannel();
port2.close();
nowhere.unref();

/**
 * Nothing may use the buffer any more, neither JavaScript nor a write to a socket that has not ended. It is empty
 * afterwards, unless it is small or shares its memory with others.
 */
export function freeBuffer({ buffer, length }: Buffer): void {
  if (length < LARGE_BUFFER_BYTES || buffer.byteLength !== length) return;
  nowhere.postMessage(null, [buffer as ArrayBuffer]);
}
