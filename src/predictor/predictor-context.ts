/** What a predictor gets from its lane. */
import type { Tokenizer, TokenizerOptions } from './tokenizer.ts';

/** A row. Which fields are set follows from `input` in model.json. */
export interface PredictorRow {
  /** The file, for `image` and `audio`. */
  readonly bytes?: Uint8Array;
  /** The text, for `text`: the field of a record, or the content of a file. */
  readonly text?: string;
  /** The record, for `text`, `features` and `tensors`. A row that is a file of text has none. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** An answer: a JSON object with the fields of `result` in model.json. Without `result`, it may be any JSON value. */
export type Answer = unknown;

/** An answer that is an error of its row. */
export interface RowFailure {
  readonly error: { readonly code?: string; readonly message: string };
}

export interface PredictorContext<Options = Readonly<Record<string, unknown>>, State = unknown> {
  /** The model's folder, absolute. */
  readonly folder: string;
  /** `options` of model.json, as the predictor's own schema returns them. */
  readonly options: Options;
  /** Intra-op threads that the lane may use. */
  readonly threads: number;
  /** Aborted when the model leaves the lane. */
  readonly signal: AbortSignal;
  /** What `load` has returned. */
  readonly state: State;
  /** Opens `name.onnx` in the folder with the model's threads and execution providers. Opens each graph once. */
  session(name: string): Promise<Graph>;
  /** Decodes an image to RGB, 8 bits, height x width x 3, as the image tasks do. Rejects if it cannot. */
  pixels(image: Uint8Array, options: ImageOptions): Promise<Uint8Array>;
  /** Opens `tokenizer.json` in the folder or in one below it. Opens each tokenizer once. */
  tokenizer(options?: TokenizerOptions): Promise<Tokenizer>;
}

/** The fields of `preprocess` in model.json that decide about pixels. See docs/model-config.md. */
export interface ImageOptions {
  readonly crop: number | { readonly width: number; readonly height: number };
  readonly resize?: number | { readonly width: number; readonly height: number } | 'letterbox';
  readonly interpolation?: 'bicubic' | 'bilinear' | 'lanczos' | 'box' | 'nearest';
  readonly pad?: number | readonly [number, number, number];
  readonly align?: 'centre' | 'top_left';
  readonly color_order?: 'rgb' | 'bgr';
  readonly channels?: 1 | 3;
  readonly icc?: 'ignore' | 'convert';
  readonly auto_orient?: boolean;
  readonly decode?: 'exact' | 'fast' | 'shrink';
}

/** A tensor. float16 is held as bits in a Uint16Array, bool as 0 and 1 in a Uint8Array. */
export interface PredictorTensor {
  /** Such as `float32` or `int64`. */
  readonly type: string;
  readonly dims: readonly number[];
  readonly data:
    | Float32Array
    | Float64Array
    | Uint8Array
    | Int8Array
    | Uint16Array
    | Int16Array
    | Uint32Array
    | Int32Array
    | BigUint64Array
    | BigInt64Array
    | readonly string[];
}

export type GraphTensors = Readonly<Record<string, PredictorTensor>>;

/** A graph. `run` blocks the lane while it computes. */
export interface Graph {
  readonly inputs: readonly {
    readonly name: string;
    readonly type: string;
    readonly shape: readonly (number | string)[];
  }[];
  readonly outputs: readonly {
    readonly name: string;
    readonly type: string;
    readonly shape: readonly (number | string)[];
  }[];
  /** Computes all outputs, or those that are named. Rejects with onnxruntime's own error. */
  run(feeds: GraphTensors, outputs?: readonly string[]): Promise<GraphTensors>;
}
