/** The batcher's answer for a row. */
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

export interface RowAnswer {
  readonly outcome: RowOutcome;
  /** One object for all rows of the batch. Null if no lane answered the row. */
  readonly batch: BatchSeen | null;
}
