/** What this process may use: CPUs and memory of its cgroup, and the lanes and threads that follow. */
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

export interface Resources {
  readonly cpus: number;
  readonly memoryBytes: number;
}

/** Reads cgroup v2, then v1; Node 20's availableParallelism() knows no quota. */
export function readResources(): Resources {
  const online = cpus().length;
  const quota = cpuQuota();
  const limit = memoryLimit();
  return {
    cpus: Math.max(1, Math.floor(Math.min(online, quota ?? online))),
    memoryBytes: Math.min(totalmem(), limit ?? Number.POSITIVE_INFINITY),
  };
}

function cpuQuota(): number | null {
  const v2 = readWords('/sys/fs/cgroup/cpu.max');
  if (v2) return v2[0] === 'max' ? null : Number(v2[0]) / Number(v2[1]);
  const quota = Number(readWords('/sys/fs/cgroup/cpu/cpu.cfs_quota_us')?.[0] ?? -1);
  const period = Number(readWords('/sys/fs/cgroup/cpu/cpu.cfs_period_us')?.[0] ?? 100_000);
  return quota > 0 ? quota / period : null;
}

function memoryLimit(): number | null {
  const text =
    readWords('/sys/fs/cgroup/memory.max')?.[0] ??
    readWords('/sys/fs/cgroup/memory/memory.limit_in_bytes')?.[0] ??
    'max';
  // v1 says "no limit" with a number near 2^63.
  return text === 'max' || Number(text) > 2 ** 60 ? null : Number(text);
}

function readWords(path: string): string[] | null {
  try {
    return readFileSync(path, 'utf8').trim().split(/\s+/);
  } catch {
    return null;
  }
}

export interface LanePlan {
  readonly lanes: number;
  readonly threads: number;
  /** libuv threads of a lane: they decode while its JS thread is inside the model call. */
  readonly decodeThreads: number;
}

/** A lane without a model: Node, onnxruntime, sharp. Measured about 110 MB; decoding buffers on top. */
const LANE_BYTES = 192 * 1024 * 1024;
/** Weights, packed weights and activations, as a multiple of the model file. */
const MODEL_FACTOR = 3;
const MEMORY_SHARE = 0.7;

/** One lane a core with one thread each, as far as memory goes; explicit choices win. */
export function planLanes(
  resources: Resources,
  modelBytes: number,
  chosen: { lanes?: number | undefined; threads?: number | undefined; decodeThreads?: number | undefined },
): LanePlan {
  const perLane = LANE_BYTES + MODEL_FACTOR * modelBytes;
  const fitting = Math.max(1, Math.floor((resources.memoryBytes * MEMORY_SHARE) / perLane));
  const lanes = chosen.lanes ?? Math.min(resources.cpus, fitting);
  const threads = chosen.threads ?? Math.max(1, Math.floor(resources.cpus / lanes));
  const decodeThreads = chosen.decodeThreads ?? Math.max(2, Math.ceil(resources.cpus / lanes) + 1);
  return { lanes, threads, decodeThreads };
}
