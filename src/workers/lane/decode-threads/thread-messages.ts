/** The messages between a lane's own thread and its decode threads: one per batch and thread each way. */
import type { RowError } from '../../../shared/domain/row.ts';
import type { FileStamp } from '../../../shared/files/file-version.ts';
import type { RowLimits } from '../../../shared/files/row-limits.ts';
import type { DecodeMode } from '../../../shared/tasks/image/decode-mode.ts';
import type { Geometry } from '../image/decode/geometry.ts';
import type { ImageSpec } from '../image/image-preparer.ts';
import type { TensorData } from '../image/normalise/tensor-filler.ts';
import type { EncodedRow } from '../rows/row-bytes.ts';

/** What a thread gets when it starts. */
export interface ThreadStart {
  readonly limits: RowLimits;
  /** Memory of two budgets: for the files that the lane holds, and for the images that it decodes. */
  readonly held: SharedArrayBuffer;
  readonly decoding: SharedArrayBuffer;
}

/** What the images of a batch become for one model. */
export interface ThreadTarget {
  readonly spec: ImageSpec;
  readonly decode: DecodeMode | null;
  /** In shared memory. */
  readonly tensor: TensorData;
}

export interface PlacedRow {
  /** Bytes are in shared memory. */
  readonly row: EncodedRow;
  /** By target: the row of its tensor. Undefined if this model does not get the row. */
  readonly places: readonly (number | undefined)[];
}

/** The same message goes to each thread that works on the batch. */
export interface ThreadBatch {
  readonly type: 'batch';
  readonly batch: number;
  /** Models that share the images of the rows. */
  readonly targets: readonly ThreadTarget[];
  readonly rows: readonly PlacedRow[];
  /** One number in shared memory: the index of the next row that no thread has taken. */
  readonly next: Int32Array<SharedArrayBuffer>;
}

/** `load`: prepares for images of a spec, so that their first batch need not wait. */
export type ToThread = ThreadBatch | { readonly type: 'load'; readonly spec: ImageSpec };

/** `ready`: the thread has loaded its libraries. */
export type FromThread = ThreadShare | 'ready';

/** The rows that one thread took. */
export interface ThreadShare {
  readonly batch: number;
  readonly done: readonly DoneRow[];
  /** Encoded bytes that were read. */
  readonly bytes: number;
}

export interface DoneRow {
  /** Its position in `rows`. */
  readonly index: number;
  /** By target. Undefined if this model does not get the row. */
  readonly images: readonly (DoneImage | undefined)[];
  /** See LaneInput. */
  readonly opened: FileStamp | undefined;
  readonly digest: string | undefined;
}

export interface DoneImage {
  readonly error: RowError | null;
  /** Undefined if the row failed. */
  readonly geometry: Geometry | undefined;
}
