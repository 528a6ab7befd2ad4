/**
 * Lanes that hold the model. They start for one measurement, and serve later ones that differ only in the batch size.
 * A lane that ends is not restarted, because its end is the result of the measurement.
 */
import { performance } from 'node:perf_hooks';
import type { ModelFolder } from '../../../shared/models/model-folder.ts';
import type { LaneSettings } from '../../../shared/profiles/profile.ts';
import type { RowLimits } from '../../../shared/files/row-limits.ts';
import { effectiveOptions } from '../../../shared/tasks/option-values.ts';
import { toModelLoad } from '../../lane-pool/model-load.ts';
import type { LaneInput, ModelInfo } from '../../lane/messages.ts';
import { startChildLane } from '../../lane-pool/child-lane.ts';
import type { BatchResult, Lane } from '../../lane-pool/lane-handle.ts';

/** The settings that a running lane cannot change. */
export type LaneShape = Omit<LaneSettings, 'batch_size'>;

export interface LaneSet {
  readonly lanes: readonly Lane[];
  /** Rejects as Lane.load does. */
  readonly loaded: Promise<ModelInfo>;
  readonly pids: () => readonly (number | null)[];
  /** Whether batches have run in the lanes. */
  used: boolean;
  /** Duration of start and loading. Null until the model is loaded. */
  startMs: number | null;
  run(lane: number, rows: readonly LaneInput[]): Promise<BatchResult>;
  /** Does not wait for the lanes to end. */
  kill(): void;
  /** Resolves when all lanes have ended. */
  end(): Promise<void>;
}

const MODEL_KEY = 'tuned';

/** Options that all lanes of a tuning share. */
export interface LaneOptions {
  /** Whether the lanes decode on threads of their own. */
  readonly threaded: boolean;
  /** Timeout of one step of loading the model, in ms. */
  readonly loadTimeoutMs: number;
}

/** `all`: the limits, with `maxHeldBytes` for all lanes together. */
export function startLaneSet(
  folder: ModelFolder,
  all: RowLimits,
  shape: LaneShape,
  { threaded, loadTimeoutMs }: LaneOptions,
): LaneSet {
  const limits = { ...all, maxHeldBytes: all.maxHeldBytes / shape.lanes };
  const options = effectiveOptions(folder.config, {});
  const begun = performance.now();
  const lanes = Array.from({ length: shape.lanes }, (_, index) =>
    startChildLane({
      index,
      uvThreads: shape.decode_threads,
      decodeThreads: threaded ? shape.decode_threads : 0,
      limits,
      loadTimeoutMs,
    }),
  );
  const loads = lanes.map(async (lane) =>
    lane.load({
      model: MODEL_KEY,
      ...toModelLoad(folder, { threads: shape.threads_per_lane }),
    }),
  );
  const loaded = Promise.all(loads).then((infos) => infos[0]!);
  const kill = () => {
    for (const lane of lanes) lane.kill();
  };
  const set: LaneSet = {
    lanes,
    loaded,
    pids: () => lanes.map((lane) => lane.pid),
    used: false,
    startMs: null,
    run: async (lane, rows) => lanes[lane]!.run({ model: MODEL_KEY, rows, options }),
    kill,
    async end() {
      kill();
      await Promise.all(lanes.map(async (lane) => lane.exited));
    },
  };
  loaded.then(
    () => (set.startMs = performance.now() - begun),
    () => undefined,
  );
  return set;
}

export function shapeKey({ lanes, threads_per_lane, decode_threads }: LaneShape): string {
  return `${lanes}x${threads_per_lane} d${decode_threads}`;
}
