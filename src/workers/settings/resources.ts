/**
 * What this process may use: CPUs and memory of its cgroup; and the lanes, threads and batches that follow,
 * each with the constraint that bound it.
 */
import { availableParallelism, totalmem } from 'node:os';
import { autoBatchSize, inputRowBytes, MAX_AUTO_BATCH, targetBytes } from '../../shared/domain/auto-batch.ts';
import { tightest, type Choice } from '../../shared/domain/choice.ts';
import type { ModelConfig } from '../../shared/domain/model-config.ts';
import { cpuQuota } from '../../shared/machine/cpu-quota.ts';
import { BATCHES_PER_LANE } from '../lane-pool/lane-pool.ts';
import { findCgroupMemory } from '../../shared/machine/cgroup-memory.ts';
import type { LaneChoices } from '../../shared/queue/worker-registry.ts';

export interface Resources {
  readonly cpus: number;
  readonly memoryBytes: number;
}

/** Node's availableParallelism() knows which CPUs this process may run on; before Node 22.16, no quota. */
export function readResources(): Resources {
  const limit = findCgroupMemory()?.limitBytes;
  return {
    cpus: Math.max(1, Math.floor(Math.min(availableParallelism(), cpuQuota()))),
    memoryBytes: Math.min(totalmem(), limit ?? Number.POSITIVE_INFINITY),
  };
}

/** A number that somebody asked for, and who. */
export interface Requested {
  readonly value: number;
  readonly boundBy: 'setting' | 'model_config' | 'profile';
}

export function requested(boundBy: Requested['boundBy'], value: number | undefined): Requested | undefined {
  return value === undefined ? undefined : { value, boundBy };
}

export interface LanePlan {
  readonly lanes: number;
  readonly threads: number;
  /** libuv threads of a lane: they decode while its JS thread is inside the model call. */
  readonly decodeThreads: number;
  /** What images that are decoded at once in a lane may take together, as far as its memory goes. */
  readonly decodeRoomBytes: number;
  /** The same numbers, each with what bound it. */
  readonly choices: LaneChoices;
}

/** A lane without a model: Node, onnxruntime, sharp. Measured. */
const EMPTY_LANE_BYTES = 110 * 1024 * 1024;
/** Decoding that every lane has room for: a photo of 12 megapixels. */
const LEAST_DECODE_BYTES = 82 * 1024 * 1024;
/** A lane without a model that decodes. */
const LANE_BYTES = EMPTY_LANE_BYTES + LEAST_DECODE_BYTES;
/** Weights, packed weights and activations, as a multiple of the model file. */
const MODEL_FACTOR = 3;
/** Reads at once: enough to hide a network's latency, few enough for its other side. */
export const READS_AT_ONCE = 32;
/** The rest is the main thread's: rows in flight, parts, Redis and HTTP. */
const MEMORY_SHARE = 0.7;

/** One lane a core with one thread each, as far as memory goes; explicit choices win. */
export function planLanes(
  resources: Resources,
  modelBytes: number,
  asked: {
    lanes?: Requested | undefined;
    threads?: Requested | undefined;
    decodeThreads?: Requested | undefined;
  },
): LanePlan {
  const { cpus: cores, memoryBytes } = resources;
  const perLane = LANE_BYTES + MODEL_FACTOR * modelBytes;
  const fitting = Math.max(1, Math.floor((memoryBytes * MEMORY_SHARE) / perLane));
  const lanes: Choice =
    choiceFrom(asked.lanes) ??
    tightest(
      { value: cores, boundBy: 'cpus', why: `one a core: ${cores}` },
      {
        value: fitting,
        boundBy: 'memory',
        why: `${mb(memoryBytes * MEMORY_SHARE)} for lanes (70 % of ${mb(memoryBytes)}) / ${mb(perLane)} each`,
      },
    );
  const shared = Math.floor(cores / lanes.value);
  const threads: Choice = choiceFrom(asked.threads) ?? {
    value: Math.max(1, shared),
    boundBy: 'cpus',
    why: `${cores} cores / ${lanes.value} lanes`,
  };
  const ahead = Math.ceil(cores / lanes.value) + 1;
  const decodeThreads: Choice = choiceFrom(asked.decodeThreads) ?? {
    value: Math.max(2, ahead),
    boundBy: 'cpus',
    why: `${cores} cores / ${lanes.value} lanes + 1: they decode the next batch during a model call`,
  };
  return {
    lanes: lanes.value,
    threads: threads.value,
    decodeThreads: decodeThreads.value,
    decodeRoomBytes: decodeRoom((memoryBytes * MEMORY_SHARE) / lanes.value - perLane),
    choices: {
      lanes,
      threads,
      decodeThreads,
      batchesPerLane: {
        value: BATCHES_PER_LANE,
        boundBy: 'ceiling',
        why: 'one executing, one being decoded, one on its way',
      },
      readsAtOnce: {
        value: READS_AT_ONCE,
        boundBy: 'ceiling',
        why: "enough to hide a network's latency, few enough for its other side",
      },
    },
  };
}

/** `spareBytes`: of a lane's share of the memory, what nothing is planned for. Batches of the model get the other half of it. */
function decodeRoom(spareBytes: number): number {
  return LEAST_DECODE_BYTES + Math.max(0, spareBytes) / 2;
}

/**
 * Bytes that one row adds to a model call, as a multiple of its input tensor, where nobody has measured it:
 * MobileNetV2 and ResNet-50 stay below 30 at 224 pixels.
 */
const ACTIVATION_FACTOR = 32;

/** Rows a model call where the job does not say: what the model asks for, as far as a lane's memory goes. */
export function chooseBatch(facts: {
  config: ModelConfig;
  /** The graph's fixed batch dimension. */
  fixedBatch: number | null;
  profile?: number | undefined;
  resources: Resources;
  lanes: number;
  modelBytes: number;
  /** Measured, `rowBytes` of one row in a call; null: by the sizes of the file and of the input tensor. */
  memory: { readonly modelBytes: number; readonly rowBytes: number } | null;
}): Choice {
  const { config, memory } = facts;
  const { batch_size } = config.batching;
  if (batch_size !== 'auto')
    return { value: batch_size, boundBy: 'model_config', why: 'named in model.json' };
  if (facts.fixedBatch !== null) {
    return { value: facts.fixedBatch, boundBy: 'graph', why: "the graph's batch dimension is fixed" };
  }
  const inputBytes = inputRowBytes(config);
  const wanted: Choice =
    facts.profile === undefined ? bySampleSize(config, inputBytes) : profiled(facts.profile);
  const share = (facts.resources.memoryBytes * MEMORY_SHARE) / facts.lanes;
  const modelBytes = memory?.modelBytes ?? MODEL_FACTOR * facts.modelBytes;
  const left = Math.max(0, share - LANE_BYTES - modelBytes);
  const rowBytes = memory ? Math.max(inputBytes, memory.rowBytes) : inputBytes * ACTIVATION_FACTOR;
  return tightest(wanted, {
    value: powerOfTwo(left / rowBytes),
    boundBy: 'memory',
    why:
      `${mb(left)} left in a lane / ${mb(rowBytes)} a row ` +
      `(${memory ? 'measured' : `${ACTIVATION_FACTOR} x its input tensor`})`,
  });
}

const BY_TUNE = 'chosen by forebay tune for this model on this machine';

export function profiled(value: number): Choice {
  return { value, boundBy: 'profile', why: BY_TUNE };
}

function bySampleSize(config: ModelConfig, inputBytes: number): Choice {
  const value = autoBatchSize(config);
  if (value === MAX_AUTO_BATCH)
    return { value, boundBy: 'ceiling', why: `at most ${MAX_AUTO_BATCH}: larger calls gain nothing on CPU` };
  const input = inputBytes < 1e6 ? `${Math.round(inputBytes / 1024)} KB` : mb(inputBytes);
  return {
    value,
    boundBy: 'sample_size',
    why: `about ${mb(targetBytes(inputBytes))} of input tensor a call, ${input} a row`,
  };
}

function choiceFrom(given: Requested | undefined): Choice | undefined {
  return given && { ...given, why: ASKED[given.boundBy] };
}

const ASKED = {
  setting: 'set for this worker',
  model_config: 'named in model.json',
  profile: BY_TUNE,
} as const;

/** The largest power of two up to `n`; 1 below that. */
function powerOfTwo(n: number): number {
  return n < 2 ? 1 : 2 ** Math.floor(Math.log2(n));
}

function mb(bytes: number): string {
  const value = bytes / 2 ** 20;
  return value >= 10_240 ? `${(value / 1024).toFixed(0)} GB` : `${value.toFixed(value < 10 ? 1 : 0)} MB`;
}
