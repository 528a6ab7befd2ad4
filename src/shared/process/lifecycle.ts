/**
 * Ends a Forebay process cleanly. The first SIGTERM or SIGINT aborts an AbortSignal, and the second one exits immediately.
 * A child process also ends when its launcher is gone. This file also defines the messages to the launcher.
 */

export type ProcessMessage =
  | {
      readonly type: 'ready';
      readonly url?: string;
      readonly models?: readonly string[];
      readonly problems?: readonly { readonly model: string; readonly message: string }[];
    }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };

/** Sends a message to the launcher, if there is one. */
export function tellLauncher(message: ProcessMessage): void {
  if (process.connected) process.send?.(message);
}

/** Returns the signal that requests a clean end. `onOrphaned` is called when the launcher is gone. */
export function watchForEnd(options: { onForced: () => void; onOrphaned: () => void }): AbortSignal {
  const stop = new AbortController();
  const ask = () => {
    if (stop.signal.aborted) options.onForced();
    stop.abort();
  };
  process.on('SIGTERM', ask);
  // Ctrl-C reaches the whole process group. Under a launcher, the launcher decides.
  process.on('SIGINT', () => {
    if (!process.connected) ask();
  });
  process.on('disconnect', options.onOrphaned);
  return stop.signal;
}

export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
