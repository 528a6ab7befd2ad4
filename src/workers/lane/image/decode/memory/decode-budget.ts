/**
 * Bounds the memory that a lane's images take while they are decoded. Images begin in order of arrival, each when it fits
 * beside those that have begun. One image is always let in, so that none waits for ever.
 */

export interface DecodeBudget {
  /** Memory of the images that are being decoded now. */
  readonly usedBytes: number;
  /** Whether an image that takes so many bytes may begin now. */
  fits(bytes: number): boolean;
  /** Runs `work`, which takes so many bytes. It begins before the call returns if it fits. */
  use<T>(bytes: number, work: () => Promise<T>): Promise<T>;
}

interface Waiting {
  readonly bytes: number;
  readonly begin: () => void;
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
      beginNext();
    }
  }

  function beginNext(): void {
    for (let next = waiting[0]; next !== undefined && hasRoom(next.bytes); next = waiting[0]) {
      waiting.shift();
      next.begin();
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
        waiting.push({ bytes, begin: () => resolve(booked(bytes, work)) });
      });
    },
  };
}
