/** A response that is written only as fast as the client reads it. Everything is released when the client leaves. */
import type { Context } from 'hono';
import { messageOf } from '../../../shared/errors.ts';
import type { Emit } from '../../../shared/observe/events.ts';
import { onAbort } from '../../../shared/process/on-abort.ts';

export interface StreamOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** Waits for the first chunk, so that a failure there becomes a problem response and not an interrupted stream. */
  readonly probe: boolean;
}

export function createStreamResponse(deps: {
  /** Aborted when the service stops, which ends all streams. */
  readonly shutdown: AbortSignal;
  readonly emit: Emit;
}) {
  const { shutdown, emit } = deps;

  /** `open` creates the chunks. Its signal is aborted when the client leaves or the service stops. */
  return async function streamResponse(
    c: Context,
    open: (signal: AbortSignal) => AsyncGenerator<string, void, undefined>,
    options: StreamOptions,
  ): Promise<Response> {
    if (c.req.method === 'HEAD') return new Response(null, { headers: options.headers });
    const left = new AbortController();
    const leave = () => left.abort();
    /** If the client has left, nothing more is written. This is not a failure. */
    const hasLeft = () => left.signal.aborted && !shutdown.aborted;
    const release = onAbort(shutdown, leave);
    const chunks = open(left.signal);
    const encoder = new TextEncoder();

    let first: IteratorResult<string, void> | null = null;
    if (options.probe) {
      try {
        first = await chunks.next();
      } catch (error) {
        release();
        throw error;
      }
    }

    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          try {
            const { done, value } = first ?? (await chunks.next());
            first = null;
            if (hasLeft()) return;
            if (done) {
              release();
              // A normal end tells the client that the stream is complete. So an incomplete stream must not end
              // normally.
              if (shutdown.aborted) breakOff(c, controller, new Error('the service is stopping'));
              else controller.close();
            } else {
              controller.enqueue(encoder.encode(value));
            }
          } catch (error) {
            release();
            if (hasLeft()) return;
            emit('stream.interrupted', { path: c.req.path, error: messageOf(error) });
            breakOff(c, controller, error);
          }
        },
        async cancel() {
          release();
          leave();
          await chunks.return();
        },
      },
      { highWaterMark: 0 },
    );
    return new Response(body, { headers: options.headers });
  };
}

/** Breaks the connection in the middle of the body, so that the client notices that the rest is missing. */
function breakOff(c: Context, controller: ReadableStreamDefaultController, error: unknown): void {
  // An error given to the controller would appear in the body and on stderr.
  const { outgoing } = (c.env ?? {}) as { outgoing?: { destroy(): void } };
  if (outgoing) outgoing.destroy();
  else controller.error(error);
}
