/**
 * What the worker's main thread and a lane say to each other: one message a batch each way.
 * This file is all that the main thread knows of a lane.
 */
import type { BatchInvariance } from '../../shared/domain/batch-invariance.ts';
import type { DecodeMode } from '../../shared/domain/decode-mode.ts';
import type { ModelConfig } from '../../shared/domain/model-config.ts';
import type { RowError, RowOutcome } from '../../shared/domain/row.ts';
import type { RowLimits } from '../../shared/files/row-limits.ts';

/** A row's bytes, or a local file that the lane opens itself, for a tenant (see input-folders.ts). */
export type LaneInput = { readonly path: string; readonly tenant: string } | { readonly bytes: Uint8Array };

/** The first message to a lane. What it says holds for the lane's whole life. */
export interface BeginRequest {
  readonly type: 'begin';
  readonly limits: RowLimits;
}

export interface LoadRequest {
  readonly type: 'load';
  /** Key under which batches name the model. */
  readonly model: string;
  /** Model folder holding model.onnx. */
  readonly dir: string;
  readonly config: ModelConfig;
  /** Class names in index order; null without a labels file. */
  readonly labels: readonly string[] | null;
  /** Intra-op threads of the session. */
  readonly threads: number;
  /** Cache folder and the model's hash, to keep what can be made again; without it nothing is kept. */
  readonly cache?: ModelCache;
  /** To be probed, at so many rows a call: once a worker is enough. */
  readonly probe?: { readonly batchSize: number; readonly budgetMs?: number };
  /**
   * Files beside the graph that onnxruntime may have mapped: overwritten in place they change answers. The lane keeps an eye
   * on them.
   */
  readonly mapped?: readonly string[];
}

/** What loading a model does, in this order; each may take its time, and hang. */
export type LoadStep = 'start' | 'open' | 'first_run' | 'probe';

export interface ModelCache {
  readonly dir: string;
  readonly hash: string;
}

/** By how much the lane's resident memory grew, bytes. */
export interface ModelMemory {
  /** With the graph loaded: weights and what onnxruntime makes of them. */
  readonly weightsBytes: number;
  /** With the first batch run: activations, input and output tensors. */
  readonly activationBytes: number;
}

export interface BatchRequest {
  readonly type: 'batch';
  readonly batch: number;
  readonly model: string;
  readonly rows: readonly LaneInput[];
  /** Answers a row. */
  readonly topK: number;
  /** Absent: the config's. */
  readonly decode?: DecodeMode;
}

/** Every message to a lane but the first. */
export type LaneRequest =
  | LoadRequest
  | BatchRequest
  | { readonly type: 'unload'; readonly model: string }
  | { readonly type: 'close' };

export type ToLane = BeginRequest | LaneRequest;

/** What the graph says of itself, and what it made of the config. */
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
  /** The config's, and the codec that ordinary JPEGs (not shrunk ones) really get. */
  readonly decoder: { readonly mode: DecodeMode; readonly jpeg: 'turbo-native' | 'turbo-wasm' | 'sharp' };
  readonly loadMs: number;
  /** Null where it was not asked for. */
  readonly batchInvariance: BatchInvariance | null;
  /** Null where it was not asked for, or a batch would have taken too long. */
  readonly memory: ModelMemory | null;
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
  /** Filling the input tensor up to the graph's batch; rows got into it when they were decoded. */
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
  | { readonly type: 'loading'; readonly model: string; readonly step: LoadStep }
  | { readonly type: 'loaded'; readonly model: string; readonly info: ModelInfo }
  | { readonly type: 'load_failed'; readonly model: string; readonly error: RowError }
  /** Files that the model has mapped have changed: the batch's answers may be a mixture and are dropped. */
  | { readonly type: 'stale'; readonly batch: number; readonly file: string }
  | {
      readonly type: 'done';
      readonly batch: number;
      /** One outcome a row, in the request's order. */
      readonly outcomes: readonly RowOutcome[];
      readonly timings: BatchTimings;
    };
