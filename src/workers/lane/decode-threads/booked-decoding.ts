/** How a decode thread shares the memory for decoding with the other threads of its lane. */
import type { DecodeBudget } from '../image/decode/memory/decode-budget.ts';
import type { Exclusively } from '../out-of-memory.ts';
import type { SharedBudget } from './shared-budget.ts';

export interface BookedDecoding {
  readonly budget: DecodeBudget;
  /** Runs the work while no other thread decodes. */
  readonly exclusively: Exclusively;
}

/**
 * A thread decodes one image at a time. It may block while it waits for room, because it has no other decoding in
 * progress.
 */
export function createBookedDecoding(shared: SharedBudget, limitBytes: number): BookedDecoding {
  let used = 0;
  let isAlone = false;

  async function book<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    if (isAlone) return work();
    shared.acquire(bytes);
    used += bytes;
    try {
      return await work();
    } finally {
      used -= bytes;
      shared.release(bytes);
    }
  }

  return {
    budget: {
      get usedBytes() {
        return used;
      },
      // Other threads decode at the same time, so even synchronous work must be booked.
      fits: () => false,
      use: book,
    },
    async exclusively(work) {
      return book(limitBytes, async () => {
        isAlone = true;
        try {
          return await work();
        } finally {
          isAlone = false;
        }
      });
    },
  };
}
