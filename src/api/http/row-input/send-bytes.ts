/** Sends bytes as fast as the client reads them, up to a time limit. */

const CHUNK = 64 * 1024;
/** Slower clients are cut off, because other requests may wait for the memory. */
const MOST_MS = 60_000;

/** `onEnd`: called once, when everything is sent or the client is gone. */
export function bodyOf(bytes: Uint8Array, onEnd: () => void): ReadableStream<Uint8Array> {
  let at = 0;
  let timer: ReturnType<typeof setTimeout> | null = null;
  const end = () => {
    if (timer === null) return;
    clearTimeout(timer);
    timer = null;
    onEnd();
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        timer = setTimeout(() => {
          controller.error(new Error('the client is too slow'));
          end();
        }, MOST_MS);
        timer.unref();
      },
      pull(controller) {
        if (at < bytes.length) controller.enqueue(bytes.subarray(at, (at += CHUNK)));
        if (at < bytes.length) return;
        controller.close();
        end();
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
}
