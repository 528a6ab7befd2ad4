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

/** Receives the answers of rows. Each row is answered once. */
export interface RowReceiver {
  /**
   * Rows that lie side by side are answered, from the row named `first` on. `batch`: one object for all its rows. Null if no
   * lane answered them.
   */
  answered(first: number, outcomes: readonly RowOutcome[], batch: BatchSeen | null): void;
}
