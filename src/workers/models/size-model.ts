/** Decides with how many lanes, threads and rows per batch this worker runs a model, and says why. */
import { autoBatchSize } from '../../shared/tasks/auto-batch.ts';
import type { Choice } from '../../shared/domain/choice.ts';
import { deviceOf } from '../../shared/domain/model/device.ts';
import type { ModelConfig } from '../../shared/domain/model/model-config.ts';
import type { ModelFolder } from '../../shared/models/model-folder.ts';
import type { ModelSizing } from '../../shared/queue/workers/worker-registry.ts';
import type { ModelInfo } from '../lane/messages.ts';
import { chooseBatch, chooseMostRows } from '../settings/choose-batch.ts';
import type { LanePlan } from '../settings/plan-lanes.ts';
import { choiceOf } from '../settings/requested.ts';
import type { Resources } from '../settings/resources.ts';
import type { Tuned } from '../settings/tuned-settings.ts';

export interface SizingFacts {
  readonly folder: ModelFolder;
  readonly info: ModelInfo;
  readonly tuned: Tuned | null;
}

/** Takes what all models of a worker have in common. The returned function takes one model. */
export function createModelSizing({ plan, resources }: { plan: LanePlan; resources: Resources }) {
  const { choices } = plan;
  const named = (value: number): Choice => choiceOf({ value, boundBy: 'model_config' });
  const tunedOr = (value: number | undefined, planned: Choice): Choice =>
    value === undefined || value === planned.value ? planned : choiceOf({ value, boundBy: 'profile' });

  function lanesOf(config: ModelConfig, tuned: Tuned | null): Choice {
    if (config.lanes !== 'auto' && config.lanes < plan.lanes) return named(config.lanes);
    const planned =
      deviceOf(config) === null || plan.deviceLanes === 0 || plan.deviceLanes === plan.lanes
        ? choices.lanes
        : { ...named(plan.deviceLanes), why: 'one per device that execution_providers name' };
    return tunedOr(tuned?.shape?.lanes, planned);
  }

  return function sizeModel({ folder, info, tuned }: SizingFacts): ModelSizing {
    const { config, bytes } = folder;
    const facts = {
      config: asComputed(config, info),
      fixedBatch: info.fixedBatch,
      profile: tuned?.batchSize,
      resources,
      lanes: plan.lanes,
      ownDecodeThreads: plan.threadedLanes > 0 ? plan.decodeThreads : 0,
      modelBytes: bytes,
      splitsBatches: info.splitsBatches,
      memory: rowMemoryOf(config, info),
    };
    const batch = chooseBatch(facts);
    return {
      fileBytes: bytes,
      lanes: lanesOf(config, tuned),
      threads:
        config.threads_per_lane === 'auto'
          ? tunedOr(tuned?.shape?.threads, choices.threads)
          : named(config.threads_per_lane),
      batch,
      mostRows: info.splitsBatches ? chooseMostRows(facts, batch.value) : batch.value,
    };
  };
}

/** A model that has fallen back to the CPU gets a batch size for the CPU. */
function asComputed(config: ModelConfig, { providers }: ModelInfo): ModelConfig {
  return deviceOf(config) !== null && providers[0] === 'cpu'
    ? { ...config, execution_providers: ['cpu'] }
    : config;
}

/** The memory of the probed batch, divided by its rows. */
function rowMemoryOf(config: ModelConfig, { memory, fixedBatch }: ModelInfo) {
  if (memory === null) return null;
  const rows = fixedBatch ?? autoBatchSize(config);
  return { modelBytes: memory.weightsBytes, rowBytes: memory.activationBytes / rows };
}
