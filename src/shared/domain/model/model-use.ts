/** What the lanes of a worker have done for a model since the worker started. */

export interface ModelUse {
  /** Rows that were answered, including those that failed. */
  readonly rows: number;
  readonly failed: number;
  /** Batches, which are calls of the model. */
  readonly batches: number;
  /** When the last batch was answered, ms since the epoch. */
  readonly lastAt: number;
  /** How long batches were in a lane, ms, summed over batches. */
  readonly batchMs: number;
  /** Times in ms, summed over rows: each row of a batch counts the whole time of the batch. */
  readonly rowMs: RowTimes;
}

/** The parts of the time from a row's arrival in the batcher until its answer. */
export interface RowTimes {
  readonly total: number;
  /** Until the lane begins with its batch. */
  readonly queue: number;
  /** Opening, decoding, and making tensors. */
  readonly input: number;
  readonly infer: number;
  /** Making answers of tensors. */
  readonly output: number;
}

const NO_TIMES: RowTimes = { total: 0, queue: 0, input: 0, infer: 0, output: 0 };

export const NO_USE: ModelUse = { rows: 0, failed: 0, batches: 0, lastAt: 0, batchMs: 0, rowMs: NO_TIMES };

export function sumOfUse(a: ModelUse, b: ModelUse): ModelUse {
  return {
    rows: a.rows + b.rows,
    failed: a.failed + b.failed,
    batches: a.batches + b.batches,
    lastAt: Math.max(a.lastAt, b.lastAt),
    batchMs: a.batchMs + b.batchMs,
    rowMs: {
      total: a.rowMs.total + b.rowMs.total,
      queue: a.rowMs.queue + b.rowMs.queue,
      input: a.rowMs.input + b.rowMs.input,
      infer: a.rowMs.infer + b.rowMs.infer,
      output: a.rowMs.output + b.rowMs.output,
    },
  };
}
