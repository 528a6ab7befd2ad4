/** How the batcher answers rows. */
import type { Outcomes } from '../../shared/domain/outcomes.ts';
import type { RunOfBlock } from '../../shared/observe/tracing/span.ts';
import type { BatchTimings } from '../lane/messages.ts';

/** One finished batch, for the statistics. */
export interface BatchSeen {
  readonly rows: number;
  /** Model calls that it was meant to have. */
  readonly calls: number;
  /** Number of rows that fit into a call. */
  readonly size: number;
  /** Monotonic milliseconds. */
  readonly sentAt: number;
  /** Mean time that its rows waited to be sent, in milliseconds. */
  readonly queuedMs: number;
  readonly timings: BatchTimings;
}

/** Receives the answers of rows. Each row is answered once. */
export interface RowReceiver {
  /**
   * Answers consecutive rows, the first of which is named `first`. `batch`: the same object for all rows of a batch.
   * Null if no lane answered them.
   */
  answered(first: number, outcomes: Outcomes, batch: BatchSeen | null): void;
  /** The run of the block that the rows belong to. Null or absent: they belong to none. */
  readonly run?: RunOfBlock | null | undefined;
  /** For online rows: when their answer comes too late. See machine-clock.ts. */
  readonly deadline?: number;
  /** For online rows: from 1 (first) to 100. Absent: 50. */
  readonly priority?: number;
  /** For online rows: whether nobody waits for their answers any more. */
  readonly isUnwanted?: () => boolean;
}
