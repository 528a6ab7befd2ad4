/** How a worker divides its memory. */

/** The lanes' share. The main thread has the rest: rows in flight, parts, Redis and HTTP. */
const LANES_SHARE = 0.7;

/** The lanes' share in words. */
export const LANES_SHARE_TEXT = `${LANES_SHARE * 100} %`;

/** Bytes for all lanes together. */
export function lanesMemory(memoryBytes: number): number {
  return memoryBytes * LANES_SHARE;
}

/** Divides the byte budget in flight between rows that the main thread has `fetched` and files that lanes have `opened`. */
export function inflightShares(inflightBytes: number): { fetched: number; opened: number } {
  return { fetched: inflightBytes / 2, opened: inflightBytes / 2 };
}
