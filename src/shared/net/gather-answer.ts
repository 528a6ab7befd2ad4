/**
 * Gathers the whole answer to a request in memory. It uses no stream and no AbortSignal, so a small answer takes half
 * of the CPU time.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { isSuccess } from './is-success.ts';
import { codingsOf, readBody, tooLarge, type ReadLimits } from './read-body.ts';
import type { Attempt } from './with-deadline.ts';

export interface WholeAnswer {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  /** Decompressed. If the status is not 2xx: as received, and at most ERROR_BYTES plus one chunk. */
  readonly body: Uint8Array;
}

/** Real error bodies are much smaller. */
export const ERROR_BYTES = 64 * 1024;

/** Rejects as readBody does, and with the errors of undici. */
export async function gatherAnswer(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  limits: ReadLimits,
  attempt: Pick<Attempt, 'onOver'>,
): Promise<WholeAnswer> {
  const answer = await gather(dispatcher, request, limits.maxBytes, attempt);
  const { statusCode, headers, body } = answer;
  const isPlain = codingsOf(String(headers['content-encoding'] ?? '')).length === 0;
  if (isPlain || !isSuccess(statusCode)) return answer;
  return { statusCode, headers, body: await readBody({ headers, body: Readable.from([body]) }, limits) };
}

async function gather(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  maxBytes: number,
  attempt: Pick<Attempt, 'onOver'>,
): Promise<WholeAnswer> {
  return new Promise((resolve, reject) => {
    let head: Omit<WholeAnswer, 'body'> | null = null;
    let pieces = createPieces(0);
    const end = () => resolve({ ...head!, body: pieces.joined() });
    let running: Dispatcher.DispatchController | null = null;
    let stopped: Error | null = null;
    attempt.onOver(() => {
      stopped = new Error('the request was stopped');
      running?.abort(stopped);
      // The request may still wait for a connection.
      reject(stopped);
    });
    dispatcher.dispatch(request, {
      onRequestStart(controller) {
        running = controller;
        if (stopped !== null) controller.abort(stopped);
      },
      onResponseStart(controller, statusCode, headers) {
        // Informational answers come before the real one.
        if (statusCode < 200) return;
        head = { statusCode, headers };
        if (!isSuccess(statusCode)) return;
        const announced = Number(headers['content-length'] ?? 0);
        if (announced > maxBytes) controller.abort(tooLarge(`${announced} bytes`, maxBytes));
        else pieces = createPieces(announced);
      },
      onResponseData(controller, chunk) {
        pieces.add(chunk);
        if (!isSuccess(head!.statusCode)) {
          if (pieces.size() <= ERROR_BYTES) return;
          end();
          controller.abort(new Error('the body of the error is too long'));
        } else if (pieces.size() > maxBytes) {
          controller.abort(tooLarge(`more than ${maxBytes} bytes`, maxBytes));
        }
      },
      onResponseEnd: end,
      onResponseError: (_, error) => reject(error),
    });
  });
}

/**
 * Joins the chunks of a body. If the size was announced, each chunk is copied on arrival. Chunks that are kept until
 * the last one would survive minor garbage collections, and only major ones would free them.
 */
function createPieces(announced: number) {
  const chunks: Buffer[] = [];
  let whole: Buffer | null = null;
  let size = 0;
  return {
    add(chunk: Buffer): void {
      if (size + chunk.length < announced) whole ??= Buffer.allocUnsafeSlow(announced);
      if (whole === null) chunks.push(chunk);
      else whole.set(chunk, size);
      size += chunk.length;
    },
    size: () => size,
    joined: (): Buffer => whole ?? (chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)),
  };
}
