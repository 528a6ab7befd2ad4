/**
 * Memory for the rows of blocks, their results and their parts, used again from block to block. A block takes longer
 * than two collections of the young generation, so V8 would free its buffers only when it collects the whole heap. It
 * did so once per 270,000 rows of a table (ADR 21).
 */
import { createBufferPool } from './buffer-pool.ts';

/** Several blocks of small rows. */
const MOST_FREE_BYTES = 32 * 1024 * 1024;
/** A larger part is rare. */
const LARGEST_BYTES = 16 * 1024 * 1024;

export const rowMemory = createBufferPool(MOST_FREE_BYTES, LARGEST_BYTES);
