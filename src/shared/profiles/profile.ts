/**
 * The results of `forebay tune` for one model on one machine: the best settings, and every measurement that led to them.
 * Where a setting is `"auto"`, workers use the best settings. Pure.
 */
import { z } from 'zod';

const count = z.int().min(1).max(1024);

/** The settings that are tuned. */
export const LANE_SETTINGS = z.object({
  lanes: count,
  threads_per_lane: count,
  batch_size: count,
  decode_threads: count,
});

export type LaneSettings = z.infer<typeof LANE_SETTINGS>;

export const MEASUREMENT = z.object({
  settings: LANE_SETTINGS,
  /** Why it was measured: during the search, in the final comparison, or for the whole space. */
  phase: z.enum(['search', 'final', 'exhaustive']),
  outcome: z.enum(['measured', 'out_of_memory', 'failed']),
  /** Null unless measured. */
  rows_per_s: z.number().nullable(),
  /** Half the width of the 95 % interval, as a share of `rows_per_s`. Null unless measured. */
  error: z.number().nullable(),
  /** Ended early, because it was clearly slower than the best so far, or because its batches took too long. */
  stopped_early: z.boolean(),
  /** Maximum sum of the lanes' resident memory, in bytes. Null if the system does not report it. */
  peak_bytes: z.number().nullable(),
  /** Wall time, including the start of lanes. */
  seconds: z.number(),
  /** Why it could not be measured. */
  message: z.string().nullable(),
});

export type Measurement = z.infer<typeof MEASUREMENT>;

export const MACHINE = z.object({
  fingerprint: z.string(),
  cpu: z.string(),
  cpus: z.number(),
  memory_gb: z.number(),
  arch: z.string(),
  node: z.string(),
  onnxruntime: z.string(),
});

export type Machine = z.infer<typeof MACHINE>;

/** Increases when the fields of profiles change their meaning. Older profiles are then ignored. */
export const PROFILE_VERSION = 1;

export const PROFILE = z.object({
  v: z.literal(PROFILE_VERSION),
  model: z.object({ name: z.string(), hash: z.string() }),
  machine: MACHINE,
  settings: LANE_SETTINGS,
  rows_per_s: z.number(),
  /** The settings by formula. `rows_per_s`: measured together with the best. Null if not run or not compared. */
  formula: z.object({ settings: LANE_SETTINGS, rows_per_s: z.number().nullable() }),
  /** ISO 8601. */
  measured_at: z.string(),
  /** The rows that were measured. */
  sample: z.object({ rows: z.number(), bytes: z.number() }),
  measurements: z.array(MEASUREMENT),
});

export type Profile = z.infer<typeof PROFILE>;

/** Equal settings have equal keys. */
export function settingsKey(settings: LaneSettings): string {
  const { lanes, threads_per_lane, batch_size, decode_threads } = settings;
  return `${lanes}x${threads_per_lane} b${batch_size} d${decode_threads}`;
}

export function profileFileName(modelHash: string, fingerprint: string): string {
  return `${modelHash.slice(0, 12)}-${fingerprint}.json`;
}
