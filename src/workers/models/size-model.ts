/** How a model is run in this worker: lanes, threads, rows per batch, and what bound each. */
import { autoBatchSize } from '../../shared/domain/auto-batch.ts';
import type { Choice } from '../../shared/domain/choice.ts';
import type { ModelConfig } from '../../shared/domain/model-config.ts';
import type { ModelFolder } from '../../shared/models/model-folder.ts';
import type { ModelSizing } from '../../shared/queue/worker-registry.ts';
import type { ModelInfo } from '../lane/messages.ts';
import { chooseBatch, profiled, type LanePlan, type Resources } from '../settings/resources.ts';
import type { Tuned } from '../settings/tuned-settings.ts';

export interface SizingFacts {
  readonly folder: ModelFolder;
  readonly info: ModelInfo;
  readonly tuned: Tuned | null;
  readonly plan: LanePlan;
  readonly resources: Resources;
}

export function sizeModel({ folder, info, tuned, plan, resources }: SizingFacts): ModelSizing {
  const { config, bytes } = folder;
  const named = (value: number) => ({ value, boundBy: 'model_config', why: 'named in model.json' }) as const;
  const { choices } = plan;
  const shaped = (value: number | undefined, otherwise: Choice): Choice =>
    value === undefined || value === otherwise.value ? otherwise : profiled(value);
  return {
    fileBytes: bytes,
    lanes:
      config.lanes !== 'auto' && config.lanes < plan.lanes
        ? named(config.lanes)
        : shaped(tuned?.shape?.lanes, choices.lanes),
    threads:
      config.threads_per_lane === 'auto'
        ? shaped(tuned?.shape?.threads, choices.threads)
        : named(config.threads_per_lane),
    batch: chooseBatch({
      config,
      fixedBatch: info.fixedBatch,
      profile: tuned?.batchSize,
      resources,
      lanes: plan.lanes,
      modelBytes: bytes,
      memory: rowMemoryOf(config, info),
    }),
  };
}

/** By the batch that was probed. */
function rowMemoryOf(config: ModelConfig, { memory, fixedBatch }: ModelInfo) {
  if (memory === null) return null;
  const rows = fixedBatch ?? autoBatchSize(config);
  return { modelBytes: memory.weightsBytes, rowBytes: memory.activationBytes / rows };
}
