/**
 * Lanes with the model resident, started for one measurement and kept for the next where only the batch differs.
 * A lane that ends is not started again: its end is what the measurement tells.
 */
import type { ModelFolder } from '../../shared/models/model-folder.ts';
import type { LaneSettings } from '../../shared/profiles/profile.ts';
import type { LaneInput, ModelInfo, RowLimits } from '../lane/messages.ts';
import { startChildLane } from '../lanes/child-lane.ts';
import type { BatchResult, Lane } from '../lanes/lane.ts';

export type Shape = Omit<LaneSettings, 'batch_size'>;

export interface LaneSet {
  readonly lanes: readonly Lane[];
  /** Rejects as Lane.load does. */
  readonly loaded: Promise<ModelInfo>;
  /** Whether batches have run in it. */
  used: boolean;
  run(lane: number, rows: readonly LaneInput[]): Promise<BatchResult>;
  kill(): void;
}

const MODEL_KEY = 'tuned';

/** `all`: limits of all lanes together. */
export function startLaneSet(folder: ModelFolder, all: RowLimits, shape: Shape): LaneSet {
  const limits = { ...all, maxHeldBytes: all.maxHeldBytes / shape.lanes };
  const { contract, labels, dir } = folder;
  const lanes = Array.from({ length: shape.lanes }, (_, index) =>
    startChildLane({ index, uvThreads: shape.decode_threads }),
  );
  const loads = lanes.map(async (lane) =>
    lane.load({ model: MODEL_KEY, dir, contract, labels, threads: shape.threads_per_lane, limits }),
  );
  const loaded = Promise.all(loads).then((infos) => infos[0]!);
  loaded.catch(() => undefined);
  return {
    lanes,
    loaded,
    used: false,
    run: async (lane, rows) => lanes[lane]!.run({ model: MODEL_KEY, rows, topK: contract.top_k }),
    kill: () => {
      for (const lane of lanes) lane.kill();
    },
  };
}

export function sameShape(a: Shape, b: Shape): boolean {
  return (
    a.lanes === b.lanes && a.threads_per_lane === b.threads_per_lane && a.decode_threads === b.decode_threads
  );
}
