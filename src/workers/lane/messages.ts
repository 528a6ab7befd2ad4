/**
 * The messages between the worker's main thread and a lane: one per batch each way. The main thread knows nothing of a
 * lane but this file and lane-rows.ts. See channel/wire.ts for the form of the messages on the channel.
 */
import type { BatchInvariance } from '../../shared/domain/model/batch-invariance.ts';
import type { ModelConfig } from '../../shared/domain/model/model-config.ts';
import type { Outcomes } from '../../shared/domain/outcomes.ts';
import type { RowError } from '../../shared/domain/row.ts';
import type { FileStamp } from '../../shared/files/file-version.ts';
import type { RowLimits } from '../../shared/files/row-limits.ts';
import type { GraphTensor } from '../../shared/models/graph-tensor.ts';
import type { OptionValues } from '../../shared/tasks/task-description.ts';
import type { LaneRows } from './lane-rows.ts';

/**
 * A row: its bytes, a record, or a local file that the lane opens on behalf of a tenant (see input-folders.ts). A
 * record is a JSON object as text, which costs less to send than the object. `bodyFile`: path of a file that holds the
 * body of an online request (see body-folder.ts).
 */
export type LaneInput =
  | LaneFileInput
  | { readonly bytes: Uint8Array }
  | { readonly bodyFile: string }
  | { readonly json: string };

export interface LaneFileInput {
  readonly path: string;
  readonly tenant: string;
  /**
   * Asks for the version of the file by its content. If it is this one, the row need not be computed. Empty: the row
   * must be computed in any case.
   */
  readonly known?: string;
  /** Set by the lane, if `known` asks for it. */
  digest?: string | undefined;
  /** Set by the lane: the version of the file that it has read. Undefined if that is not known. */
  opened?: FileStamp | undefined;
}

/** The first message to a lane. It applies to the lane's whole life. See ADR 18 for decode threads. */
export interface BeginRequest {
  readonly type: 'begin';
  readonly limits: RowLimits;
  /** Number of threads that prepare images. Absent or 0: the lane's own thread does. */
  readonly decodeThreads?: number;
}

export interface LoadRequest extends ModelLoad {
  readonly type: 'load';
  /** The key by which batches name the model. */
  readonly model: string;
}

/** What a lane needs to load a model of any kind. */
export interface ModelLoad {
  /** The model folder. */
  readonly dir: string;
  /** Path of the graph, or of the predictor's module. Absent: model.onnx in the folder. */
  readonly graph?: string;
  readonly config: ModelConfig;
  /** See ModelFolder. */
  readonly configFile?: string;
  /** The files that the config names. */
  readonly named: readonly LaneFile[];
  /** Intra-op threads of the session. */
  readonly threads: number;
  /** The folder where results of loading are kept for the next start. If absent, nothing is kept. */
  readonly cache?: ModelCache;
  /** Asks for a probe of the model with this many rows per call. One lane of a worker is enough. */
  readonly probe?: ProbeRequest;
  /**
   * Files beside the graph that onnxruntime may map into memory. Overwriting them in place changes answers, so the lane
   * watches them.
   */
  readonly mapped?: readonly string[];
  /** Inputs for which the graph has a value. onnxruntime-node cannot replace it. */
  readonly defaults?: readonly string[];
  /** The models of a pipeline, in its order. */
  readonly members?: readonly ModelLoad[];
}

export interface ProbeRequest {
  readonly batchSize: number;
  readonly budgetMs?: number;
  /**
   * Asks for the times of calls of this size and of smaller ones, too. Smaller calls must take `leastCallMs`. Absent
   * there: long enough that the cost of messages does not count.
   */
  readonly timing?: { readonly leastCallMs?: number };
}

/** The CPU time per row in calls of one size, in ms. One value per round. All sizes have the same rounds. */
export interface CallTimes {
  readonly rows: number;
  readonly msPerRow: readonly number[];
}

/** A file of the model that the lane reads. If its content no longer has this hash, loading fails. */
export interface LaneFile {
  /** The field of model.json. */
  readonly field: string;
  readonly path: string;
  /** Hex. */
  readonly sha256: string;
}

/** The steps of loading a model. Each may be slow or hang. `load`: the function of a predictor. */
export type LoadStep = 'start' | 'open' | 'first_run' | 'probe' | 'load';

export interface ModelCache {
  readonly dir: string;
  readonly hash: string;
}

/** How much the lane's resident memory grew, in bytes. */
export interface ModelMemory {
  /** When the graph was loaded: weights, and onnxruntime's own structures. */
  readonly weightsBytes: number;
  /** In the first batch: activations, input and output tensors. */
  readonly activationBytes: number;
}

export interface BatchRequest {
  readonly type: 'batch';
  readonly batch: number;
  readonly model: string;
  readonly rows: LaneRows;
  /** Most rows of a model call. Absent: all rows may be in one call. See ModelInfo, `splitsBatches`. */
  readonly callRows?: number;
  /** The task's options. They apply to all rows. */
  readonly options: OptionValues;
  /**
   * Makes it an online batch, which runs before batches of blocks. One per row: when its answer comes too late. See
   * machine-clock.ts.
   */
  readonly deadlines?: Float64Array;
  /** Priority of its rows' jobs, from 1. It runs before batches of jobs with a worse one. */
  readonly priority?: number;
}

/** Every message to a lane except the first. */
export type LaneRequest =
  | LoadRequest
  | BatchRequest
  /** The next message is a large online batch. See announced-batch.ts. */
  | { readonly type: 'coming' }
  | { readonly type: 'unload'; readonly model: string }
  | { readonly type: 'close' };

export type ToLane = BeginRequest | LaneRequest;

/** The facts about a model after loading. */
export interface ModelInfo {
  /** The inputs and outputs that the task uses. */
  readonly inputs: readonly GraphTensor[];
  readonly outputs: readonly GraphTensor[];
  /** Execution providers of its session, in order. The CPU computes operators that they lack. */
  readonly providers: readonly string[];
  /** The graph's fixed batch dimension. Null if it takes batches of any size. */
  readonly fixedBatch: number | null;
  /** Whether a batch may have more rows than a model call, because the lane cuts it into calls. */
  readonly splitsBatches: boolean;
  /** Sentences that the operator should know, such as a missing library that makes the task slower. */
  readonly notes: readonly string[];
  readonly loadMs: number;
  /** Null if no probe was asked for. */
  readonly batchInvariance: BatchInvariance | null;
  /** Null if no probe was asked for, or a batch would have taken too long. */
  readonly memory: ModelMemory | null;
  /** See call-times.ts. Absent if nobody asked for it, or it would show nothing. */
  readonly callTimes?: readonly CallTimes[];
}

/**
 * Milliseconds of a lane's own thread since it ended the previous batch. `idleMs` to `restMs` add up to the elapsed
 * time, so over all batches they add up to the lane's whole time.
 */
export interface BatchTimings {
  /** No batch was in the lane. */
  readonly idleMs: number;
  /** Opening local files. */
  readonly readMs: number;
  /** Decoding on this thread, or waiting for decode threads with nothing else to do. Counts images of any batch. */
  readonly decodeMs: number;
  /** Making the input tensors of the calls from the prepared rows. */
  readonly prepareMs: number;
  readonly inferMs: number;
  readonly postMs: number;
  /** Messages and the event loop. */
  readonly restMs: number;
  /** CPU time of decode threads while this thread was inside the model. A lower bound. See helper-threads.ts. */
  readonly decodeAheadMs: number;
  /** From receipt until the batch's run started, without the time of reading and decoding. */
  readonly laneWaitMs: number;
  /** Bytes of the rows that were read in this time. */
  readonly bytes: number;
  /** Of a pipeline: how many rows each of its models has answered. */
  readonly answeredBy?: ReadonlyMap<string, number>;
}

export interface BatchReply {
  readonly type: 'done';
  readonly batch: number;
  /** One outcome for each row, in the order of the request. */
  readonly outcomes: Outcomes;
  readonly timings: BatchTimings;
}

export type FromLane =
  | { readonly type: 'started'; readonly pid: number }
  | { readonly type: 'loading'; readonly model: string; readonly step: LoadStep }
  | { readonly type: 'loaded'; readonly model: string; readonly info: ModelInfo }
  | { readonly type: 'load_failed'; readonly model: string; readonly error: RowError }
  /** A mapped file of the model has changed. The batch's answers may mix two models, so they are dropped. */
  | { readonly type: 'stale'; readonly batch: number; readonly file: string }
  | BatchReply;
