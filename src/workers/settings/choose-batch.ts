/**
 * Chooses the batch size for jobs that do not set one. It uses the size that suits the model, as far as a lane's memory
 * allows.
 */
import {
  autoBatchSize,
  CACHED_WEIGHTS_BYTES,
  CALL_BYTES,
  callRowBytes,
  halvesIfCached,
  inputRowBytes,
  maxAutoBatch,
  targetOf,
} from '../../shared/tasks/auto-batch.ts';
import { tightest, type Choice } from '../../shared/domain/choice.ts';
import { deviceOf } from '../../shared/domain/model/device.ts';
import { lanesMemory } from '../../shared/domain/memory-shares.ts';
import type { ModelConfig } from '../../shared/domain/model/model-config.ts';
import { MODEL_FACTOR } from '../../shared/domain/model/model-memory.ts';
import { formatBytes } from '../../shared/text/bytes.ts';
import { laneBytesOf } from './lane-bytes.ts';
import { choiceOf } from './requested.ts';
import type { Resources } from './resources.ts';

/**
 * If the memory that one row adds to a model call was not measured, it is estimated as this many times its input
 * tensor. MobileNetV2 and ResNet-50 stay below 30 at 224 pixels.
 */
const ACTIVATION_FACTOR = 32;
/** The same factor for a model on a device, which keeps the activations in its own memory. */
const DEVICE_FACTOR = 2;
/** Decode threads write into one tensor while another is in the model. */
const SHARED_TENSORS = 2;
/** A batch of several calls has at least this many rows, so that calls share the cost of messages (docs/adr/0013). */
const LEAST_ROWS_IN_CALLS = 4;
/** A lane gets the rows of this many calls at once, or of more if the calls are small (docs/adr/0013). */
const MOST_CALLS = 4;
const SMALL_CALLS_ROWS = 16;
/** Bytes of the input tensors of rows that a lane gets at once. */
const MOST_TENSOR_BYTES = 4 * CALL_BYTES;

export interface BatchFacts {
  readonly config: ModelConfig;
  /** The graph's fixed batch dimension. */
  readonly fixedBatch: number | null;
  /** Batch size of the model's profile. */
  readonly profile?: number | undefined;
  readonly resources: Resources;
  readonly lanes: number;
  /** Decode threads that a lane has of its own. Absent: none. */
  readonly ownDecodeThreads?: number;
  /** Size of the model file. */
  readonly modelBytes: number;
  /** See ModelInfo. Absent: false. */
  readonly splitsBatches?: boolean;
  /**
   * As measured. `rowBytes`: the bytes that one row adds to a call. If null, both are estimated from the size of the
   * file and of the input tensor.
   */
  readonly memory: { readonly modelBytes: number; readonly rowBytes: number } | null;
}

export function chooseBatch(facts: BatchFacts): Choice {
  const { config, fixedBatch, profile } = facts;
  const named = config.batching.batch_size;
  if (named !== 'auto') return choiceOf({ value: named, boundBy: 'model_config' });
  const formula = fixedBatch === null ? bySampleSize(facts) : byGraph(config, fixedBatch);
  const wanted = profile === undefined ? formula : choiceOf({ value: profile, boundBy: 'profile' });
  const chosen = tightest(wanted, byMemory(facts));
  return fixedBatch === null ? chosen : inWholeCalls(chosen, fixedBatch);
}

/**
 * Most rows that a lane gets at once. It runs them in calls of `batch` rows, so more rows need more memory only for their
 * input tensors. Nevertheless, they are no more than one call could have in the memory that a lane has left.
 */
export function chooseMostRows(facts: BatchFacts, batch: number): number {
  const wanted = Math.max(SMALL_CALLS_ROWS, MOST_CALLS * batch);
  const fitting = Math.floor(MOST_TENSOR_BYTES / inputRowBytes(facts.config));
  return Math.max(batch, Math.min(wanted, fitting, byMemory(facts).value));
}

/** A partly filled call costs as much as a full one. */
function inWholeCalls(chosen: Choice, fixedBatch: number): Choice {
  const calls = Math.floor(chosen.value / fixedBatch);
  return calls === 0 ? oneCall(fixedBatch) : { ...chosen, value: calls * fixedBatch };
}

/** A batch of whole calls. */
function byGraph(config: ModelConfig, fixedBatch: number): Choice {
  const calls = Math.floor(Math.max(LEAST_ROWS_IN_CALLS, autoBatchSize(config)) / fixedBatch);
  if (calls <= 1) return oneCall(fixedBatch);
  const why = `the graph takes ${fixedBatch} per call, and ${calls} calls share the cost of their messages`;
  return { value: calls * fixedBatch, boundBy: 'graph', why };
}

function oneCall(fixedBatch: number): Choice {
  return { value: fixedBatch, boundBy: 'graph', why: "the graph's batch dimension is fixed" };
}

function byMemory(facts: BatchFacts): Choice {
  const { config, resources, lanes, modelBytes, memory, ownDecodeThreads = 0 } = facts;
  const inputBytes = inputRowBytes(config);
  const share = lanesMemory(resources.memoryBytes) / lanes;
  const left = Math.max(
    0,
    share - laneBytesOf(ownDecodeThreads) - (memory?.modelBytes ?? MODEL_FACTOR * modelBytes),
  );
  const factor = deviceOf(config) === null ? ACTIVATION_FACTOR : DEVICE_FACTOR;
  const shared = ownDecodeThreads > 0 ? SHARED_TENSORS * inputBytes : 0;
  const rowBytes = shared + (memory ? Math.max(inputBytes, memory.rowBytes) : inputBytes * factor);
  const source = memory ? 'measured' : `${factor} x its input tensor`;
  return {
    value: powerOfTwo(left / rowBytes),
    boundBy: 'memory',
    why: `${formatBytes(left)} left in a lane / ${formatBytes(rowBytes)} per row (${source})`,
  };
}

function bySampleSize(facts: BatchFacts): Choice {
  const { config } = facts;
  const value = autoBatchSize(config);
  const most = maxAutoBatch(config);
  if (value === most) return { value, boundBy: 'ceiling', why: `at most ${most}: larger calls gain little` };
  const parts = takesHalves(facts) ? 2 : 1;
  return {
    value: value / parts,
    boundBy: 'sample_size',
    why: `about ${formatBytes(targetOf(config) / parts)} of input tensor per call, ${formatBytes(callRowBytes(config))} per row`,
  };
}

/** Whether calls with half as many rows take less CPU. The lane still gets the rows of several calls at once. */
function takesHalves({ config, modelBytes, splitsBatches = false }: BatchFacts): boolean {
  return splitsBatches && modelBytes <= CACHED_WEIGHTS_BYTES && halvesIfCached(config);
}

/** The largest power of two up to `n`; 1 below that. */
function powerOfTwo(n: number): number {
  return n < 2 ? 1 : 2 ** Math.floor(Math.log2(n));
}
