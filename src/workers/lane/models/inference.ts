/**
 * Turns a filled tensor into one outcome per row: runs the graph in the batches that it accepts. A batch that throws is run
 * again row by row, so that one bad row fails alone. A batch that runs out of memory is run again in halves.
 */
import type { RowOutcome } from '../../../shared/domain/row.ts';
import { messageOf } from '../../../shared/errors.ts';
import { classesOf } from '../../../shared/models/graph-tensor.ts';
import type { TensorData } from '../image/normalise/tensor-filler.ts';
import type { TensorPool } from '../image/normalise/tensor-pool.ts';
import { isOutOfMemory } from '../out-of-memory.ts';
import { createCallSize } from './call-size.ts';
import type { GraphFit } from './graph-fit.ts';
import type { OnnxOutput, OnnxSession } from './onnx-session.ts';
import { toFloat32 } from './output-numbers.ts';

export interface InferenceTimings {
  prepareMs: number;
  inferMs: number;
  postMs: number;
}

/** Turns one row's numbers into its outcome. Bound to the batch's options. */
export type Answer = (numbers: Float32Array) => RowOutcome;

export interface Inference {
  /** The number of rows that a tensor must have room for: whole batches of the graph. */
  roomFor(rows: number): number;
  /**
   * Returns one outcome for each of the tensor's first `rows`, in order. May overwrite the tensor after them. Never
   * rejects because of the model.
   */
  run(
    tensor: TensorData,
    rows: number,
    answer: Answer,
  ): Promise<{ outcomes: RowOutcome[]; timings: InferenceTimings }>;
  /** Runs the tensor's first row and returns its numbers as the graph gives them. Rejects with onnxruntime's error. */
  probe(tensor: TensorData): Promise<Float32Array>;
}

export function createInference(parts: {
  readonly session: OnnxSession;
  readonly fit: GraphFit;
  /** Numbers per row in a tensor. */
  readonly rowLength: number;
  readonly tensors: TensorPool;
}): Inference {
  const { session, fit, rowLength, tensors } = parts;
  const [, ...sample] = tensorShape(fit, rowLength);
  const size = createCallSize();

  function roomFor(rows: number): number {
    const step = fit.fixedBatch ?? 1;
    return Math.ceil(rows / step) * step;
  }

  async function run(tensor: TensorData, count: number, answer: Answer) {
    const timings: InferenceTimings = { prepareMs: 0, inferMs: 0, postMs: 0 };
    const outcomes: RowOutcome[] = [];
    while (outcomes.length < count) {
      const from = outcomes.length;
      const rows = Math.min(fit.fixedBatch ?? size.rows, count - from);
      const done = await runTogether(tensor.subarray(from * rowLength), rows, answer, timings);
      // `done` is empty if memory ran out. Then the next call is smaller.
      outcomes.push(...done);
    }
    return { outcomes, timings };
  }

  /** Returns the outcomes of all rows, or none if memory ran out. */
  async function runTogether(
    tensor: TensorData,
    count: number,
    answer: Answer,
    timings: InferenceTimings,
  ): Promise<RowOutcome[]> {
    let rows: Float32Array[];
    try {
      rows = await scores(tensor, count, timings);
    } catch (error) {
      if (count === 1) return [failed(error)];
      if (fit.fixedBatch !== null || !isOutOfMemory(error)) return runSingly(tensor, count, answer, timings);
      size.ranOut(count);
      return [];
    }
    if (fit.fixedBatch === null) size.wentWell(count);
    const start = performance.now();
    const outcomes = rows.map(answer);
    timings.postMs += performance.now() - start;
    return outcomes;
  }

  /** Uses another tensor, because filling up a batch must not overwrite the rows after it. */
  async function runSingly(tensor: TensorData, count: number, answer: Answer, timings: InferenceTimings) {
    const outcomes: RowOutcome[] = [];
    let single: TensorData;
    try {
      single = tensors.take(roomFor(1));
    } catch (error) {
      return Array.from({ length: count }, () => failed(error));
    }
    for (let row = 0; row < count; row++) {
      single.set(tensor.subarray(row * rowLength, (row + 1) * rowLength));
      outcomes.push(...(await runTogether(single, 1, answer, timings)));
    }
    tensors.giveBack(single);
    return outcomes;
  }

  /** The numbers of the first rows. A batch smaller than the graph's is filled up with copies of its last row. */
  async function scores(
    tensor: TensorData,
    count: number,
    timings: InferenceTimings,
  ): Promise<Float32Array[]> {
    const start = performance.now();
    const batch = fit.fixedBatch ?? count;
    for (let slot = count; slot < batch; slot++) {
      tensor.copyWithin(slot * rowLength, (slot - 1) * rowLength, slot * rowLength);
    }
    const filled = performance.now();
    timings.prepareMs += filled - start;
    const data = tensor.subarray(0, batch * rowLength);
    const output = await session.run(fit.input, [batch, ...sample], data, fit.output);
    timings.inferMs += performance.now() - filled;
    return splitRows(output, batch).slice(0, count);
  }

  async function probe(tensor: TensorData): Promise<Float32Array> {
    const [first] = await scores(tensor, 1, { prepareMs: 0, inferMs: 0, postMs: 0 });
    return first!;
  }

  return { roomFor, run, probe };
}

/** `[batch, channels, height, width]`, or channels last. */
function tensorShape(fit: GraphFit, rowLength: number): number[] {
  const side = Math.sqrt(rowLength / 3);
  return fit.layout === 'nchw' ? [0, 3, side, side] : [0, side, side, 3];
}

function splitRows({ dims, data }: OnnxOutput, batch: number): Float32Array[] {
  const classes = classesOf(dims);
  if (dims[0] !== batch || classes === null || data.length !== batch * classes) {
    throw new Error(`the graph returned [${dims.join(',')}] instead of [${batch}, classes]`);
  }
  const floats = toFloat32(data);
  return Array.from({ length: batch }, (_, row) => floats.subarray(row * classes, (row + 1) * classes));
}

const LONGEST_MESSAGE = 300;

function failed(error: unknown): RowOutcome {
  const line = messageOf(error).replaceAll(/\s+/g, ' ').slice(0, LONGEST_MESSAGE);
  return isOutOfMemory(error)
    ? { ok: false, error: { code: 'out_of_memory', message: `memory ran out on this row alone: ${line}` } }
    : { ok: false, error: { code: 'inference_failed', message: `the model failed on this row: ${line}` } };
}
