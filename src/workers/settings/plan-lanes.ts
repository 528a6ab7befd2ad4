/** Decides how many lanes, threads and decode threads a worker has, and says why. Pure. */
import { tightest, type Choice } from '../../shared/domain/choice.ts';
import { LANES_SHARE_TEXT, lanesMemory } from '../../shared/domain/memory-shares.ts';
import { MODEL_FACTOR } from '../../shared/domain/model/model-memory.ts';
import type { LaneChoices } from '../../shared/queue/workers/worker-registry.ts';
import { formatBytes } from '../../shared/text/bytes.ts';
import { BATCHES_PER_LANE } from '../lane-pool/lane-pool.ts';
import { DECODE_THREAD_BYTES, decodeBudget, laneBytesOf } from './lane-bytes.ts';
import { CPU_LANES, type LaneKind } from './lane-kind.ts';
import { choiceOf, type Requested } from './requested.ts';
import type { Resources } from './resources.ts';
import { counted } from '../../shared/text/counted.ts';

export interface LanePlan {
  readonly lanes: number;
  readonly threads: number;
  /** Images that a lane decodes at once. They are decoded while its own thread is inside the model call. */
  readonly decodeThreads: number;
  /** This many lanes, from the first, have decode threads (ADR 18). The others use libuv's threads where they can. */
  readonly threadedLanes: number;
  /** This many lanes, from the first, hold the models that compute on a device. */
  readonly deviceLanes: number;
  /** Maximum memory for images that a lane decodes at the same time, in bytes. */
  readonly decodeBudgetBytes: number;
  /** The same numbers, each with the constraint that decided it. */
  readonly choices: LaneChoices;
}

/** Enough to hide the latency of a network, and few enough not to overload the servers. */
export const READS_AT_ONCE = 32;

export interface WantedLanes {
  readonly lanes?: Requested | undefined;
  readonly threads?: Requested | undefined;
  readonly decodeThreads?: Requested | undefined;
}

/**
 * Plans one lane per core with one thread each, as far as the memory allows. A device gets one lane, which decodes on
 * all cores but its own. Requested numbers override this.
 */
export function planLanes(
  resources: Resources,
  modelBytes: number,
  wanted: WantedLanes,
  kind: LaneKind = CPU_LANES,
): LanePlan {
  const { cpus: cores, memoryBytes, modelsBytes = Infinity } = resources;
  const ofDevices = !kind.onCpu;
  const isThreaded = kind.threaded !== 'none';
  const emptyBytes = laneBytesOf(isThreaded ? 1 : 0);
  const holdBytes = MODEL_FACTOR * modelBytes;
  const lanes = chosen(wanted.lanes, () =>
    ofDevices
      ? {
          value: kind.devices,
          boundBy: 'model_config',
          why: `one per device that execution_providers name: ${kind.devices}`,
        }
      : tightest(
          { value: cores, boundBy: 'cpus', why: `one per core: ${cores}` },
          // Models take what all lanes need to hold all models, or the models' budget if that is smaller.
          looser(
            lanesByMemory(memoryBytes, emptyBytes + holdBytes),
            besideBudget(memoryBytes, modelsBytes, emptyBytes),
          ),
        ),
  );
  const threads = chosen(wanted.threads, () =>
    ofDevices
      ? { value: 1, boundBy: 'model_config', why: 'the device computes, so the cores are for decoding' }
      : {
          value: Math.max(1, Math.floor(cores / lanes.value)),
          boundBy: 'cpus',
          why: `${counted(cores, 'core')} / ${counted(lanes.value, 'lane')}`,
        },
  );
  const heldBytes = Math.min(holdBytes, modelsBytes / lanes.value);
  const spareBytes = lanesMemory(memoryBytes) / lanes.value - heldBytes;
  const decodeThreads = chosen(wanted.decodeThreads, () =>
    isThreaded
      ? tightest(ownThreads(cores, lanes.value), threadsByMemory(spareBytes))
      : {
          value: Math.max(2, Math.ceil(cores / lanes.value) + 1),
          boundBy: 'cpus',
          why: `${counted(cores, 'core')} / ${counted(lanes.value, 'lane')} + 1: they decode the next batch during a model call`,
        },
  );
  const deviceLanes = ofDevices ? lanes.value : Math.min(lanes.value, kind.devices);
  const ownDecoding = isThreaded ? decodeThreads.value : 0;
  return {
    lanes: lanes.value,
    threads: threads.value,
    decodeThreads: decodeThreads.value,
    threadedLanes: { all: lanes.value, devices: deviceLanes, none: 0 }[kind.threaded],
    deviceLanes,
    decodeBudgetBytes: decodeBudget(spareBytes - laneBytesOf(ownDecoding), ownDecoding),
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
        why: 'enough to hide the latency of a network, few enough not to overload the servers',
      },
    },
  };
}

function chosen(wanted: Requested | undefined, formula: () => Choice): Choice {
  return wanted === undefined ? formula() : choiceOf(wanted);
}

function lanesByMemory(memoryBytes: number, laneBytes: number): Choice {
  const share = lanesMemory(memoryBytes);
  return {
    value: Math.max(1, Math.floor(share / laneBytes)),
    boundBy: 'memory',
    why: `${formatBytes(share)} for lanes (${LANES_SHARE_TEXT} of ${formatBytes(memoryBytes)}) / ${formatBytes(laneBytes)} each`,
  };
}

function ownThreads(cores: number, lanes: number): Choice {
  return {
    value: Math.max(1, Math.floor((cores - lanes) / lanes)),
    boundBy: 'cpus',
    why: `${counted(cores, 'core')} / ${counted(lanes, 'lane')}, minus the core that runs the model`,
  };
}

/** `bytes`: memory of a lane beside its models. */
function threadsByMemory(bytes: number): Choice {
  const left = Math.max(0, bytes - laneBytesOf(1) + DECODE_THREAD_BYTES);
  return {
    value: Math.max(1, Math.floor(left / DECODE_THREAD_BYTES)),
    boundBy: 'memory',
    why: `${formatBytes(left)} left in a lane / ${formatBytes(DECODE_THREAD_BYTES)} each`,
  };
}

/** How many lanes fit beside a memory budget for all models. */
function besideBudget(memoryBytes: number, modelsBytes: number, emptyBytes: number): Choice {
  const share = lanesMemory(memoryBytes);
  const left = Math.max(0, share - modelsBytes);
  return {
    value: Math.max(1, Math.floor(left / emptyBytes)),
    boundBy: 'memory',
    why: `${formatBytes(left)} for lanes (${LANES_SHARE_TEXT} of ${formatBytes(memoryBytes)}, without FOREBAY_MODELS_MB) / ${formatBytes(emptyBytes)} each`,
  };
}

function looser(a: Choice, b: Choice): Choice {
  return b.value > a.value ? b : a;
}
