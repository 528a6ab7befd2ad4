/** Admits only a few large bodies at a time, which bounds their total memory. */
import { ForebayError } from '../../../shared/errors.ts';
import { NEW_BUFFERS } from '../../../shared/process/buffer-pool.ts';
import type { BodyAdmission } from '../middleware/read-body.ts';

/** Bodies up to this size are read and parsed immediately. */
export const LARGE_BYTES = 128 * 1024;

export interface LargeBodyLimit {
  /** For one body. It waits for its turn when it turns out to be large. Rejects as `enter` does. */
  open(): BodyAdmission;
  /**
   * Resolves once another large body may be read. The caller must call the returned function when its request is done.
   * Rejects with ForebayError `too_many_large_requests`.
   */
  enter(): Promise<() => void>;
}

/** Maximum number of large bodies in memory. Each takes up to 16 MB, and as much again once its rows are packed. */
const MAX_HELD = 4;
/** Maximum number of requests that wait for their turn. Only a little of each body has been read. */
const MAX_WAITING = 32;

export function createLargeBodyLimit(): LargeBodyLimit {
  let held = 0;
  const waiting: (() => void)[] = [];

  /** Admits the next waiting request, if any. */
  function leave(): void {
    const next = waiting.shift();
    if (next) next();
    else held -= 1;
  }

  async function enter(): Promise<() => void> {
    if (held < MAX_HELD) held += 1;
    else if (waiting.length < MAX_WAITING) await new Promise<void>((resolve) => waiting.push(resolve));
    else {
      throw new ForebayError(
        'too_many_large_requests',
        'The service is busy with other large requests. Try again soon.',
        { retryAfterS: 1 },
      );
    }
    return leave;
  }

  return {
    enter,
    open() {
      let release: (() => void) | null = null;
      return {
        // Not from a pool, because a body may be transferred to another thread.
        buffers: NEW_BUFFERS,
        admit(length) {
          if (length <= LARGE_BYTES || release !== null) return undefined;
          return enter().then((leave) => void (release = leave));
        },
        release: () => release?.(),
      };
    },
  };
}
