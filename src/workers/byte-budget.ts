/**
 * Bytes of rows in flight, bounded: readers wait while the budget is spent. One row is always admitted,
 * whatever its size. A size is only known once read, so readers first book an estimate.
 */

export interface ByteBudget {
  /** Waits until there is room, then books an estimate; settle it with the row's real size. */
  admit(): Promise<Booking>;
  readonly used: number;
  /** Readers wait: no further row comes before one leaves. */
  readonly spent: boolean;
}

export interface Booking {
  readonly settle: (bytes: number) => void;
  readonly release: () => void;
}

/** Assumed size of a row not yet read, bytes: a compressed photo. */
const FIRST_ESTIMATE = 256 * 1024;

export function createByteBudget(maxBytes: number): ByteBudget {
  let used = 0;
  let rows = 0;
  let estimate = FIRST_ESTIMATE;
  const waiting: (() => void)[] = [];

  function wakeNext(): void {
    while (waiting.length > 0 && fits()) waiting.shift()!();
  }
  function fits(): boolean {
    return rows === 0 || used + estimate <= maxBytes;
  }
  function book(): Booking {
    let booked = estimate;
    rows += 1;
    used += booked;
    return {
      settle(bytes) {
        used += bytes - booked;
        booked = bytes;
        // A running mean over about 16 rows.
        estimate += (bytes - estimate) / 16;
        wakeNext();
      },
      release() {
        used -= booked;
        booked = 0;
        rows -= 1;
        wakeNext();
      },
    };
  }

  return {
    async admit() {
      if (waiting.length === 0 && fits()) return book();
      return new Promise((resolve) => waiting.push(() => resolve(book())));
    },
    get used() {
      return used;
    },
    get spent() {
      return waiting.length > 0;
    },
  };
}
