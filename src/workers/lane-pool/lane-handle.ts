/** A lane as the worker's main thread sees it: an isolated executor that may die without taking the worker along. */
import type { BatchRequest, BatchTimings, LoadRequest, ModelInfo } from '../lane/messages.ts';
import type { RowOutcome } from '../../shared/domain/row.ts';

export interface BatchResult {
  readonly outcomes: readonly RowOutcome[];
  readonly timings: BatchTimings;
}

/** Why a lane's process ended; `crashed` where nothing more is known. */
export type DeathCause = 'crashed' | 'timed_out' | 'out_of_memory';

/** The lane's process ended with work in it. */
export class LaneDied extends Error {
  override readonly name = 'LaneDied';
  /** Whether the lane was at work on the batch, executing or decoding it: then its rows are suspects. */
  readonly touched: boolean;
  readonly why: DeathCause;
  constructor(message: string, touched: boolean, why: DeathCause = 'crashed') {
    super(message);
    this.touched = touched;
    this.why = why;
  }
}

/** Files of the batch's model have changed under the lane: its answers may be a mixture of two models. Its rows are innocent. */
export class ModelChanged extends Error {
  override readonly name = 'ModelChanged';
  constructor(file: string) {
    super(`${file} has been overwritten while the model was in use`);
  }
}

export interface Lane {
  readonly index: number;
  /** Null until started or after its end. */
  readonly pid: number | null;
  /**
   * Makes a model resident. Rejects with a ForebayError (`config_mismatch`, `model_load_failed`) or LaneDied.
   */
  load(request: Omit<LoadRequest, 'type'>): Promise<ModelInfo>;
  /** Gives the model's memory back. The caller sees to it that no batch of it is in the lane. */
  unload(model: string): void;
  /** Runs a batch, in order of calls: one executes while the next is decoded. Rejects with LaneDied or ModelChanged only. */
  run(request: Omit<BatchRequest, 'type' | 'batch'>): Promise<BatchResult>;
  /** Settles when the process has ended, however it ended. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Ends it after the batches in flight. */
  close(): Promise<void>;
  /** Ends it now (SIGKILL), even from inside a blocking call; its batches end with LaneDied of that cause. */
  kill(why?: DeathCause): void;
}
