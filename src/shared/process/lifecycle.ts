/**
 * How a process of Forebay ends: one AbortSignal from SIGTERM or SIGINT; a second one forces; a child ends
 * with the launcher that it talks to. Also what it tells that launcher.
 */

export type ProcessMessage =
  | {
      readonly type: 'ready';
      readonly url?: string;
      readonly models?: readonly string[];
      readonly problems?: readonly { readonly model: string; readonly message: string }[];
    }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };

/** Sends to the launcher, where there is one. */
export function tellLauncher(message: ProcessMessage): void {
  if (process.connected) process.send?.(message);
}

/** `onOrphaned`: the launcher is gone, end at once. Returns the signal that asks for a clean end. */
export function watchForEnd(options: { onForced: () => void; onOrphaned: () => void }): AbortSignal {
  const stop = new AbortController();
  const ask = () => {
    if (stop.signal.aborted) options.onForced();
    stop.abort();
  };
  process.on('SIGTERM', ask);
  // A terminal's Ctrl-C reaches the whole process group; under a launcher, the launcher decides.
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
