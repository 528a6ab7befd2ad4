/** A lane as the worker's main thread sees it: an executor in another process, which may die without the worker. */
import type { Outcomes } from '../../shared/domain/outcomes.ts';
import type { BatchRequest, BatchTimings, LoadRequest, ModelInfo } from '../lane/messages.ts';

/** A model to load. */
export type LoadModel = Omit<LoadRequest, 'type'>;

/** A batch to run. */
export type RunBatch = Omit<BatchRequest, 'type' | 'batch'>;

export interface BatchResult {
  readonly outcomes: Outcomes;
  readonly timings: BatchTimings;
}

/** Why a lane's process ended. `crashed` if nothing more is known. */
export type DeathCause = 'crashed' | 'timed_out' | 'out_of_memory';

/** The lane's process ended with work in it. */
export class LaneDied extends Error {
  override readonly name = 'LaneDied';
  /**
   * Whether the lane was executing or decoding the batch. If so, the batch's rows are suspects: one of them may have
   * killed the lane.
   */
  readonly touched: boolean;
  readonly why: DeathCause;
  constructor(message: string, touched: boolean, why: DeathCause = 'crashed') {
    super(message);
    this.touched = touched;
    this.why = why;
  }
}

/**
 * Files of the batch's model have changed since the model was loaded, so the answers may mix old and new weights. The
 * batch's rows are not suspects.
 */
export class ModelChanged extends Error {
  override readonly name = 'ModelChanged';
  constructor(file: string) {
    super(`${file} has been overwritten while the model was in use`);
  }
}

export interface LaneExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Lane {
  readonly index: number;
  /** Null before the process has started and after it has ended. */
  readonly pid: number | null;
  /** Makes a model resident. Rejects with LaneDied or a ForebayError (`config_mismatch`, `model_load_failed`). */
  load(model: LoadModel): Promise<ModelInfo>;
  /** Frees the model's memory. The caller ensures that no batch of the model is in the lane. */
  unload(model: string): void;
  /**
   * Runs batches in order of calls. One executes while the next is decoded. Rejects only with LaneDied or ModelChanged.
   */
  run(batch: RunBatch): Promise<BatchResult>;
  /** Settles when the process has ended, for whatever reason. */
  readonly exited: Promise<LaneExit>;
  /** Ends the lane after the batches in flight. */
  close(): Promise<void>;
  /**
   * Kills the lane immediately (SIGKILL), even inside a blocking call. Its batches reject with LaneDied of that cause.
   */
  kill(why?: DeathCause): void;
}
