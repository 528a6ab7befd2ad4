/**
 * Bounds the bytes of rows in flight. Readers wait while the budget is spent. One row is always admitted, whatever its
 * size. The size of a row is known only after reading it, so readers book an estimate first.
 */
import { createSharedClock } from './shared-clock.ts';

export interface ByteBudget {
  /** Waits for room, then books an estimate. Settle it with the row's real size. */
  admit(): Promise<Booking>;
  /**
   * Books bytes that stay in memory after their row is answered. While they fill the budget, rows are admitted one at a
   * time, so that the block that keeps the bytes can go on. Call the result when they are no longer kept.
   */
  readonly keep: (bytes: number) => () => void;
  readonly used: number;
  readonly limit: number;
  /** Milliseconds during which readers have waited so far. */
  readonly blockedMs: number;
  /** Whether readers wait. If so, no further row arrives before another one leaves. */
  readonly spent: boolean;
  /** While the budget is held, it admits only one row at a time, whatever the limit. */
  hold(held: boolean): void;
}

export interface Booking {
  /** The row's share of the time that readers waited. See shared-clock.ts. */
  readonly blockedMs: number;
  readonly settle: (bytes: number) => void;
  readonly release: () => void;
}

/** Assumed size of the first row, in bytes: the size of a compressed photo. */
const FIRST_ESTIMATE = 256 * 1024;

export function createByteBudget(maxBytes: number): ByteBudget {
  let used = 0;
  let rows = 0;
  let held = false;
  let estimate = FIRST_ESTIMATE;
  const waiting: (() => void)[] = [];
  const clock = createSharedClock();

  function wakeNext(): void {
    while (waiting.length > 0 && fits()) waiting.shift()!();
  }
  function fits(): boolean {
    return rows === 0 || (!held && used + estimate <= maxBytes);
  }
  function book(blockedMs: number): Booking {
    let booked = estimate;
    rows += 1;
    used += booked;
    return {
      blockedMs,
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
      if (waiting.length === 0 && fits()) return book(0);
      const end = clock.start();
      return new Promise((resolve) => waiting.push(() => resolve(book(end()))));
    },
    keep(bytes) {
      used += bytes;
      return () => {
        used -= bytes;
        wakeNext();
      };
    },
    get used() {
      return used;
    },
    limit: maxBytes,
    get blockedMs() {
      return clock.ranMs();
    },
    get spent() {
      return waiting.length > 0;
    },
    hold(hold) {
      held = hold;
      wakeNext();
    },
  };
}
