/**
 * The memory that images take while they are decoded, bounded for a lane: an image begins when what it takes fits beside those
 * that have begun, in order of arrival. One is always let in, so that none waits for ever.
 */

export interface DecodeRoom {
  /** What images that are being decoded take. */
  readonly usedBytes: number;
  fits(bytes: number, limitBytes: number): boolean;
  /** Begins `work`, before it returns where the image fits, and books the bytes until it has ended. */
  use<T>(bytes: number, limitBytes: number, work: () => Promise<T>): Promise<T>;
}

interface Waiting {
  readonly bytes: number;
  readonly limitBytes: number;
  readonly begin: () => void;
}

export function createDecodeRoom(): DecodeRoom {
  const waiting: Waiting[] = [];
  let used = 0;

  function fits(bytes: number, limitBytes: number): boolean {
    return used === 0 || used + bytes <= limitBytes;
  }

  async function booked<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    used += bytes;
    try {
      return await work();
    } finally {
      used -= bytes;
      beginNext();
    }
  }

  function beginNext(): void {
    for (let next = waiting[0]; next !== undefined && fits(next.bytes, next.limitBytes); next = waiting[0]) {
      waiting.shift();
      next.begin();
    }
  }

  return {
    get usedBytes() {
      return used;
    },
    fits: (bytes, limitBytes) => waiting.length === 0 && fits(bytes, limitBytes),
    async use(bytes, limitBytes, work) {
      if (waiting.length === 0 && fits(bytes, limitBytes)) return booked(bytes, work);
      return new Promise((resolve) => {
        const begin = () => resolve(booked(bytes, work));
        waiting.push({ bytes, limitBytes, begin });
      });
    },
  };
}
