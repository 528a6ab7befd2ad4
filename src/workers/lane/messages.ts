/**
 * What the worker's main thread and a lane say to each other: one message a batch each way.
 * This file is all that the main thread knows of a lane.
 */
import type { ModelContract } from '../../shared/domain/model-contract.ts';
import type { RowError, RowOutcome } from '../../shared/domain/row.ts';

/** A row's bytes, or a local file that the lane opens itself. */
export type LaneInput = { readonly path: string } | { readonly bytes: Uint8Array };

export interface FileLimits {
  /** Largest accepted encoded row, bytes. */
  readonly maxFileBytes: number;
  /** Bytes of local files a lane has in hand before it opens no further one; at most one row more. */
  readonly maxHeldBytes: number;
  /** Absolute folders below which local files may be read. */
  readonly inputRoots: readonly string[];
}

export interface RowLimits extends FileLimits {
  /** Largest accepted image, width x height. */
  readonly maxPixels: number;
}

export interface LoadRequest {
  readonly type: 'load';
  /** Key under which batches name the model. */
  readonly model: string;
  /** Model folder holding model.onnx. */
  readonly dir: string;
  readonly contract: ModelContract;
  /** Class names in index order; null without a labels file. */
  readonly labels: readonly string[] | null;
  /** Intra-op threads of the session. */
  readonly threads: number;
  readonly limits: RowLimits;
}

export interface BatchRequest {
  readonly type: 'batch';
  readonly batch: number;
  readonly model: string;
  readonly rows: readonly LaneInput[];
  /** Answers a row. */
  readonly topK: number;
}

export type ToLane = LoadRequest | BatchRequest | { readonly type: 'close' };

/** What the graph says of itself, and what it made of the contract. */
export interface ModelInfo {
  readonly input: {
    readonly name: string;
    readonly type: string;
    readonly shape: readonly (number | string)[];
  };
  readonly output: {
    readonly name: string;
    readonly type: string;
    readonly shape: readonly (number | string)[];
  };
  /** The graph's fixed batch dimension; null when dynamic. */
  readonly fixedBatch: number | null;
  readonly loadMs: number;
}

/**
 * Milliseconds of a lane's one thread since it was done with the batch before: `idleMs` to `restMs` add up to the
 * time that passed, and so, over batches, to the lane's whole time.
 */
export interface BatchTimings {
  /** No batch was in the lane. */
  readonly idleMs: number;
  /** Opening local files. */
  readonly readMs: number;
  /** Decoding on this thread, or waiting for decode threads with nothing else to do. Any batch's images. */
  readonly decodeMs: number;
  /** Filling the input tensor. */
  readonly prepareMs: number;
  readonly inferMs: number;
  readonly postMs: number;
  /** Messages and the event loop. */
  readonly restMs: number;
  /** CPU of decode threads while this one was inside the model; at least so much, see helper-threads.ts. */
  readonly decodeAheadMs: number;
  /** From receipt until the batch's run began, less what reading and decoding took meanwhile. */
  readonly laneWaitMs: number;
  /** Bytes of rows read meanwhile. */
  readonly bytes: number;
}

export type FromLane =
  | { readonly type: 'started'; readonly pid: number }
  | { readonly type: 'loaded'; readonly model: string; readonly info: ModelInfo }
  | { readonly type: 'load_failed'; readonly model: string; readonly error: RowError }
  | {
      readonly type: 'done';
      readonly batch: number;
      /** One outcome a row, in the request's order. */
      readonly outcomes: readonly RowOutcome[];
      readonly timings: BatchTimings;
    };
