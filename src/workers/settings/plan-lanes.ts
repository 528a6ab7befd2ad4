/** How many lanes, threads and decode threads a worker has, each with the constraint that bound it. */
import { tightest, type Choice } from '../../shared/domain/choice.ts';
import { LANES_SHARE_TEXT, lanesMemory } from '../../shared/domain/memory-shares.ts';
import { MODEL_FACTOR } from '../../shared/domain/model/model-memory.ts';
import type { LaneChoices } from '../../shared/queue/workers/worker-registry.ts';
import { formatBytes } from '../../shared/text/bytes.ts';
import { BATCHES_PER_LANE } from '../lane-pool/lane-pool.ts';
import { choiceOf, type Requested } from './requested.ts';
import type { Resources } from './resources.ts';

export interface LanePlan {
  readonly lanes: number;
  readonly threads: number;
  /** libuv threads of a lane. They decode while its JS thread is inside the model call. */
  readonly decodeThreads: number;
  /** Maximum memory for images that a lane decodes at the same time, in bytes. */
  readonly decodeBudgetBytes: number;
  /** The same numbers, each with the constraint that bound it. */
  readonly choices: LaneChoices;
}

/** A lane without a model: Node, onnxruntime, sharp. Measured. */
const EMPTY_LANE_BYTES = 110 * 1024 * 1024;
/** Every lane can decode a photo of 12 megapixels. */
const LEAST_DECODE_BYTES = 82 * 1024 * 1024;
/** A lane that decodes, without its model. */
export const LANE_BYTES = EMPTY_LANE_BYTES + LEAST_DECODE_BYTES;
/** Enough to hide the latency of a network, few enough for the servers on its other side. */
export const READS_AT_ONCE = 32;

/** One lane per core with one thread each, as far as the memory allows. Requested numbers override this. */
export function planLanes(
  resources: Resources,
  modelBytes: number,
  wanted: {
    lanes?: Requested | undefined;
    threads?: Requested | undefined;
    decodeThreads?: Requested | undefined;
  },
): LanePlan {
  const { cpus: cores, memoryBytes, modelsBytes = Infinity } = resources;
  const laneBytes = LANE_BYTES + MODEL_FACTOR * modelBytes;
  const lanes: Choice = wanted.lanes
    ? choiceOf(wanted.lanes)
    : tightest(
        { value: cores, boundBy: 'cpus', why: `one per core: ${cores}` },
        // Models take the smaller of the two: what each lane needs for all of them, or the budget for all lanes.
        looser(byMemory(memoryBytes, laneBytes), besideBudget(memoryBytes, modelsBytes)),
      );
  const threads: Choice = wanted.threads
    ? choiceOf(wanted.threads)
    : {
        value: Math.max(1, Math.floor(cores / lanes.value)),
        boundBy: 'cpus',
        why: `${cores} cores / ${lanes.value} lanes`,
      };
  const decodeThreads: Choice = wanted.decodeThreads
    ? choiceOf(wanted.decodeThreads)
    : {
        value: Math.max(2, Math.ceil(cores / lanes.value) + 1),
        boundBy: 'cpus',
        why: `${cores} cores / ${lanes.value} lanes + 1: they decode the next batch during a model call`,
      };
  return {
    lanes: lanes.value,
    threads: threads.value,
    decodeThreads: decodeThreads.value,
    decodeBudgetBytes: decodeBudget(
      lanesMemory(memoryBytes) / lanes.value - Math.min(laneBytes, LANE_BYTES + modelsBytes / lanes.value),
    ),
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
        why: 'enough to hide the latency of a network, few enough for the servers on its other side',
      },
    },
  };
}

function byMemory(memoryBytes: number, laneBytes: number): Choice {
  const share = lanesMemory(memoryBytes);
  return {
    value: Math.max(1, Math.floor(share / laneBytes)),
    boundBy: 'memory',
    why: `${formatBytes(share)} for lanes (${LANES_SHARE_TEXT} of ${formatBytes(memoryBytes)}) / ${formatBytes(laneBytes)} each`,
  };
}

/** The lanes beside a budget for all models. */
function besideBudget(memoryBytes: number, modelsBytes: number): Choice {
  const share = lanesMemory(memoryBytes);
  const left = Math.max(0, share - modelsBytes);
  return {
    value: Math.max(1, Math.floor(left / LANE_BYTES)),
    boundBy: 'memory',
    why: `${formatBytes(left)} for lanes (${LANES_SHARE_TEXT} of ${formatBytes(memoryBytes)}, without FOREBAY_MODELS_MB) / ${formatBytes(LANE_BYTES)} each`,
  };
}

function looser(a: Choice, b: Choice): Choice {
  return b.value > a.value ? b : a;
}

/** `spareBytes`: the rest of a lane's share of the memory. Decoding gets one half of it, batches of the model the other. */
function decodeBudget(spareBytes: number): number {
  return LEAST_DECODE_BYTES + Math.max(0, spareBytes) / 2;
}
