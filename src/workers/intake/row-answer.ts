/** How the batcher answers rows. */
import type { RowOutcome } from '../../shared/domain/row.ts';
import type { BatchResult } from '../lane-pool/lane-handle.ts';

/** One finished batch, for the statistics. */
export interface BatchSeen {
  readonly rows: number;
  /** Number of rows that fit into it. */
  readonly size: number;
  /** Monotonic milliseconds. */
  readonly sentAt: number;
  /** Mean time that its rows waited to be sent. */
  readonly queuedMs: number;
  readonly result: BatchResult;
}

/**
 * Receives the answers of rows that were submitted together. One object for many rows, because a callback for each costs
 * memory that outlives the young generation of the heap (ADR 15).
 */
export interface RowReceiver {
  /** Called once per row. `at`: as in `submit`. `batch`: one object for all its rows. Null if no lane answered the row. */
  answered(at: number, outcome: RowOutcome, batch: BatchSeen | null): void;
}
