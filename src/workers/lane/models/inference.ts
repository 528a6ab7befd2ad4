/**
 * Crops in, answers out: fills the batch tensor, runs the graph in the batches it accepts, and makes one
 * outcome a row. A batch that throws is tried row by row, so that one row's failure stays its own.
 */
import type { RowOutcome } from '../../../shared/domain/row.ts';
import { messageOf } from '../../../shared/errors.ts';
import type { Pixels } from '../decode/decoder.ts';
import type { Classifier } from '../postprocess/classification.ts';
import { halfTable } from '../preprocess/half.ts';
import type { TensorData, TensorFiller } from '../preprocess/tensor-filler.ts';
import { classesOf, type GraphFit } from './graph-fit.ts';
import type { OnnxOutput, OnnxSession } from './onnx-session.ts';

export interface InferenceTimings {
  prepareMs: number;
  inferMs: number;
  postMs: number;
}

export interface Inference {
  /** One outcome a crop, in order. Never rejects for what a model does. Not reentrant: one input buffer. */
  run(crops: readonly Pixels[], topK: number): Promise<{ outcomes: RowOutcome[]; timings: InferenceTimings }>;
  /** Runs one batch of black images: the number of classes. Rejects with onnxruntime's error. */
  probe(crop: Pixels): Promise<number>;
}

export function createInference(parts: {
  readonly session: OnnxSession;
  readonly fit: GraphFit;
  readonly filler: TensorFiller;
  readonly classifier: Classifier;
}): Inference {
  const { session, fit, filler, classifier } = parts;
  const [, ...sample] = tensorShape(fit, filler.rowLength);
  /** Reused by every run; grows to the largest batch seen. */
  let buffer: TensorData = filler.allocate(fit.fixedBatch ?? 1);

  async function run(crops: readonly Pixels[], topK: number) {
    const timings: InferenceTimings = { prepareMs: 0, inferMs: 0, postMs: 0 };
    const outcomes: RowOutcome[] = [];
    const step = fit.fixedBatch ?? Math.max(1, crops.length);
    for (let from = 0; from < crops.length; from += step) {
      outcomes.push(...(await runTogether(crops.slice(from, from + step), topK, timings)));
    }
    return { outcomes, timings };
  }

  async function runTogether(crops: readonly Pixels[], topK: number, timings: InferenceTimings) {
    let rows: Float32Array[];
    try {
      rows = await scores(crops, timings);
    } catch (error) {
      return crops.length === 1 ? [failed(error)] : runSingly(crops, topK, timings);
    }
    const start = performance.now();
    const outcomes = rows.map((row) => classifier.answer(row, topK));
    timings.postMs += performance.now() - start;
    return outcomes;
  }

  async function runSingly(crops: readonly Pixels[], topK: number, timings: InferenceTimings) {
    const outcomes: RowOutcome[] = [];
    for (const crop of crops) outcomes.push(...(await runTogether([crop], topK, timings)));
    return outcomes;
  }

  /** Class scores of each crop; a batch smaller than the graph's is filled up with copies of its last row. */
  async function scores(crops: readonly Pixels[], timings: InferenceTimings): Promise<Float32Array[]> {
    const start = performance.now();
    const batch = fit.fixedBatch ?? crops.length;
    const length = batch * filler.rowLength;
    if (buffer.length < length) buffer = filler.allocate(batch);
    for (let slot = 0; slot < batch; slot++) {
      if (slot < crops.length) filler.fill(buffer, slot, crops[slot]!);
      else buffer.copyWithin(slot * filler.rowLength, (slot - 1) * filler.rowLength, slot * filler.rowLength);
    }
    const filled = performance.now();
    timings.prepareMs += filled - start;
    const output = await session.run(fit.input, [batch, ...sample], buffer.subarray(0, length), fit.output);
    timings.inferMs += performance.now() - filled;
    return splitRows(output, batch).slice(0, crops.length);
  }

  async function probe(crop: Pixels): Promise<number> {
    const [first] = await scores([crop], { prepareMs: 0, inferMs: 0, postMs: 0 });
    return first!.length;
  }

  return { run, probe };
}

/** `[batch, channels, height, width]` or with channels last. */
function tensorShape(fit: GraphFit, rowLength: number): number[] {
  const side = Math.sqrt(rowLength / 3);
  return fit.layout === 'nchw' ? [0, 3, side, side] : [0, side, side, 3];
}

function splitRows({ dims, data }: OnnxOutput, batch: number): Float32Array[] {
  const classes = classesOf(dims);
  if (dims[0] !== batch || classes === null || data.length !== batch * classes) {
    throw new Error(`the graph returned [${dims.join(',')}] where [${batch}, classes] was due`);
  }
  const floats = toFloat32(data);
  return Array.from({ length: batch }, (_, row) => floats.subarray(row * classes, (row + 1) * classes));
}

function toFloat32(data: OnnxOutput['data']): Float32Array {
  if (data instanceof Float32Array) return data;
  if (data instanceof Float64Array) return Float32Array.from(data);
  const table = halfTable();
  return Float32Array.from(data, (bits) => table[bits]!);
}

const LONGEST_MESSAGE = 300;

function failed(error: unknown): RowOutcome {
  const line = messageOf(error).replaceAll(/\s+/g, ' ').slice(0, LONGEST_MESSAGE);
  return { ok: false, error: { code: 'inference_failed', message: `the model failed on this row: ${line}` } };
}
