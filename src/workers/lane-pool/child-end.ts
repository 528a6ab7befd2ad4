/** How a child process has ended. */
import type { ChildProcess } from 'node:child_process';
import { messageOf } from '../../shared/errors.ts';

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Null if the process started. */
  readonly startError: string | null;
}

/** Resolves when the process has ended and its channel is drained. Answers that it sent before its end still count. */
export async function whenEnded(child: ChildProcess): Promise<ChildEnd> {
  return new Promise((resolve) => {
    let end: ChildEnd | null = null;
    const settle = () => {
      if (end !== null && !child.connected) resolve(end);
    };
    child.once('exit', (code, signal) => {
      end = { code, signal, startError: null };
      settle();
    });
    child.once('disconnect', settle);
    child.on('error', (error) => {
      if (child.pid !== undefined) return;
      resolve({ code: null, signal: null, startError: messageOf(error) });
    });
  });
}

/** Completes a sentence that begins with "lane 0", for example "was killed by SIGABRT". */
export function describeEnd({ code, signal, startError }: ChildEnd): string {
  if (startError !== null) return `could not be started: ${startError}`;
  return signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`;
}
