/**
 * A budget of bytes that several threads share. A thread that finds no room blocks until another one has released its
 * share. Threads get room in order of arrival. If no thread holds anything, the next one gets room, whatever it asks
 * for.
 */

export interface SharedBudget {
  /** Blocks the calling thread until there is room. The main thread of a lane must not call it. */
  acquire(bytes: number): void;
  /** `bytes`: as many as were acquired. */
  release(bytes: number): void;
}

/** Indexes of the numbers in the shared memory. USED counts units. */
const NEXT_TICKET = 0;
const SERVING = 1;
const USED = 2;
const NUMBERS = 3;

/** Counting units instead of bytes keeps any budget within 32 bits. */
const UNIT_BYTES = 4096;

/** The memory of a budget. It goes to every thread that uses the budget. */
export function budgetMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(NUMBERS * Int32Array.BYTES_PER_ELEMENT);
}

export function createSharedBudget(memory: SharedArrayBuffer, limitBytes: number): SharedBudget {
  const numbers = new Int32Array(memory);
  const limit = Math.floor(limitBytes / UNIT_BYTES);

  function change(index: number, by: number): void {
    Atomics.add(numbers, index, by);
    Atomics.notify(numbers, index);
  }

  return {
    acquire(bytes) {
      const units = unitsOf(bytes);
      const ticket = Atomics.add(numbers, NEXT_TICKET, 1);
      waitUntil(numbers, SERVING, (serving) => serving === ticket);
      waitUntil(numbers, USED, (used) => used === 0 || used + units <= limit);
      Atomics.add(numbers, USED, units);
      change(SERVING, 1);
    },
    release: (bytes) => change(USED, -unitsOf(bytes)),
  };
}

function unitsOf(bytes: number): number {
  return Math.ceil(bytes / UNIT_BYTES);
}

function waitUntil(numbers: Int32Array, index: number, holds: (value: number) => boolean): void {
  for (;;) {
    const value = Atomics.load(numbers, index);
    if (holds(value)) return;
    Atomics.wait(numbers, index, value);
  }
}
