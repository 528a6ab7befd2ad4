/**
 * Bounds the memory for decoding images in one lane. Images start in order of arrival, each as soon as it fits beside the
 * running ones. If none is running, the next one starts whatever its size, so that no image waits for ever.
 */

export interface DecodeBudget {
  /** Memory of the images that are being decoded now. */
  readonly usedBytes: number;
  /** Whether an image that takes `bytes` may start now. */
  fits(bytes: number): boolean;
  /** Runs `work`, which takes `bytes`. Starts it before the call returns if it fits. */
  use<T>(bytes: number, work: () => Promise<T>): Promise<T>;
}

interface Waiting {
  readonly bytes: number;
  readonly start: () => void;
}

export function createDecodeBudget(limitBytes: number): DecodeBudget {
  const waiting: Waiting[] = [];
  let used = 0;

  function hasRoom(bytes: number): boolean {
    return used === 0 || used + bytes <= limitBytes;
  }

  async function booked<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    used += bytes;
    try {
      return await work();
    } finally {
      used -= bytes;
      startNext();
    }
  }

  function startNext(): void {
    for (let next = waiting[0]; next !== undefined && hasRoom(next.bytes); next = waiting[0]) {
      waiting.shift();
      next.start();
    }
  }

  const fits = (bytes: number) => waiting.length === 0 && hasRoom(bytes);

  return {
    get usedBytes() {
      return used;
    },
    fits,
    async use(bytes, work) {
      if (fits(bytes)) return booked(bytes, work);
      return new Promise((resolve) => {
        waiting.push({ bytes, start: () => resolve(booked(bytes, work)) });
      });
    },
  };
}
