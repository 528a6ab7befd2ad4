/**
 * The interface of every task inside a lane. A task turns a row into the tensors of a model call, and the call's
 * outputs into the row's answer. It knows nothing of queues, blocks, retries or memory limits.
 */
import type { ModelConfig } from '../../../shared/domain/model/model-config.ts';
import type { ColumnRows } from '../../../shared/domain/column-rows.ts';
import type { PackedRecords } from '../../../shared/domain/packed-records.ts';
import type { Outcomes } from '../../../shared/domain/outcomes.ts';
import type { RowError, RowOutcome } from '../../../shared/domain/row.ts';
import type { GraphTensor } from '../../../shared/models/graph-tensor.ts';
import type { OptionValues } from '../../../shared/tasks/task-description.ts';
import type { DecodeThreads } from '../decode-threads/decode-threads.ts';
import type { DecoderFactory } from '../image/decode/decoders.ts';
import type { KeptPictures } from '../image/kept-pictures.ts';
import type { SharedImages } from '../image/shared-images.ts';
import type { LaneInput } from '../messages.ts';
import type { RowBytes } from '../rows/row-bytes.ts';
import type { Feeds, Outputs } from './tensors.ts';

export interface GraphSignature {
  readonly inputs: readonly GraphTensor[];
  readonly outputs: readonly GraphTensor[];
}

/** The files of a model's config. */
export interface ModelFiles {
  /** What holds the config, for messages, such as "model.json". */
  readonly config: string;
  /**
   * The content of a field's file. Null if the config names none. Throws ForebayError `model_load_failed` if it has
   * changed or cannot be read.
   */
  read(field: string): Buffer | null;
}

export interface ModelParts {
  readonly config: ModelConfig;
  readonly graph: GraphSignature;
  /** Inputs for which the graph itself has a value, which onnxruntime-node cannot replace. They are not in `graph`. */
  readonly defaults?: readonly string[] | undefined;
  readonly files: ModelFiles;
}

/** What a lane shares between the tasks of all its models. */
export interface LaneServices {
  readonly rowBytes: RowBytes;
  readonly createDecoder: DecoderFactory;
  /** Absent: the lane's own thread prepares images. */
  readonly decodeThreads?: DecodeThreads | undefined;
  /** Present for models that get the same rows. Absent: each row is decoded once anyway. */
  readonly sharedImages?: SharedImages | undefined;
  /** Present if other models get crops of this model's images. */
  readonly pictures?: KeptPictures | undefined;
}

export interface Task {
  /** The value of `task` in model.json. */
  readonly id: string;
  /**
   * Throws ForebayError `config_mismatch`, which quotes both, if config and graph contradict each other. Throws
   * `model_load_failed` if a file that the config names cannot be used.
   */
  bind(model: ModelParts, services: LaneServices): BoundTask;
}

/** A row, or an input that the lane has made and that only the task understands: a row of a probe, or a PicturePart. */
export type TaskInput = LaneInput | { readonly madeUp: unknown };

/** A task of one model. */
export interface BoundTask {
  /** The inputs and outputs of the graph that the task uses. */
  readonly used: GraphSignature;
  /** The graph's fixed batch dimension. Null if it takes batches of any size. */
  readonly fixedBatch: number | null;
  /** See ModelInfo. */
  readonly notes: readonly string[];
  /**
   * Rows for trying the model, the plainest one last. Their ranges of values differ widely, which reveals a model that
   * uses one scale for a whole batch. `what`: the plainest row in words, such as "a black image".
   */
  probeRows(): { readonly rows: readonly TaskInput[]; readonly what: string };
  /** Opens a batch. Throws if there is no memory for it. */
  open(rows: number, options: OptionValues): TaskBatch;
  /**
   * The numbers of the first `rows` of a call, for comparing calls. Throws an Error if the outputs have another shape.
   */
  numbers(outputs: Outputs, rows: number): Float32Array[];
  /** Checks the outputs of the first call. Throws ForebayError `config_mismatch`. */
  check?(outputs: Outputs): void;
}

/** Runs the graph once. `feeds`: returns tensors of whole batches of the graph. Rejects with onnxruntime's error. */
export type GraphCall = (feeds: () => Feeds) => Promise<Outputs>;

/** One batch on its way through a task. Rows are named by their position in the batch. */
export interface TaskBatch {
  /**
   * Reads a row and makes it ready, synchronously if nothing has to wait. Work on other threads has started when it
   * returns. Returns the error of a bad row. Never throws or rejects.
   */
  prepare(at: number, row: TaskInput): RowError | null | Promise<RowError | null>;
  /**
   * Prepares the records of a whole batch at once: for tasks that answer a row faster than an object can be made for
   * it. Returns the error of each bad record, and null for the others. Never throws.
   */
  prepareRecords?(records: PackedRecords): (RowError | null)[];
  /** The same for rows that come as columns. */
  prepareColumns?(columns: ColumnRows): (RowError | null)[];
  /**
   * The model calls for these rows, which are prepared and in ascending order. The executor may split a call further.
   */
  calls(rows: readonly number[]): readonly (readonly number[])[];
  /** The tensors of one call, one row of the graph per entry. A position may repeat, to fill up a fixed batch. */
  feeds(rows: readonly number[]): Feeds;
  /**
   * One outcome for each of these rows, which are the first ones of the call. Throws an Error if the outputs are wrong.
   */
  answers(outputs: Outputs, rows: readonly number[]): RowOutcome[] | Outcomes;
  /**
   * Runs these rows by itself, instead of `calls` and `answers`: for tasks whose rows need several calls, one after the
   * other. Returns one outcome per row. Never rejects because of the model.
   */
  run?(rows: readonly number[], call: GraphCall): Promise<RowOutcome[]>;
  /** The batch is done, and its memory may be used again. */
  release(): void;
}
