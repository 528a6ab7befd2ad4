/** Bounds the bytes of all bodies of an endpoint that are in memory. */
import { ForebayError } from '../../../shared/errors.ts';
import type { BufferPool } from '../../../shared/process/buffer-pool.ts';
import type { BodyAdmission } from '../middleware/read-body.ts';

export interface HeldBytes {
  /** For one body. Its `admit` throws ForebayError `online_full` if the bodies would be too many bytes. */
  open(): BodyAdmission;
}

export function createHeldBytes(limitBytes: number, buffers: BufferPool): HeldBytes {
  let held = 0;
  return {
    open() {
      let mine = 0;
      return {
        buffers,
        admit(length) {
          if (held - mine + length > limitBytes) {
            const size = limitBytes / 1024 / 1024;
            throw new ForebayError(
              'online_full',
              `This API process already holds online requests of ${size} MB (FOREBAY_ONLINE_MAX_MB). Try again soon.`,
              { retryAfterS: 1 },
            );
          }
          held += length - mine;
          mine = length;
          return undefined;
        },
        release() {
          held -= mine;
          mine = 0;
        },
      };
    },
  };
}
