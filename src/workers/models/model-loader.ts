/** Loads a model into the lanes. If it could block other models there, a trial comes first. */
import { whyForbidden } from '../../shared/models/predictors-off.ts';
import type { LanePool } from '../lane-pool/lane-pool.ts';
import type { LoadOutcome } from '../lane-pool/load-outcome.ts';
import type { ModelInfo } from '../lane/messages.ts';
import type { PooledModel } from '../lane-pool/pooled-model.ts';
import type { ModelTrials } from './model-trials.ts';

/** The facts about a model that lanes held before. With them, it needs no second trial and probe. */
export type KnownInfo = Pick<ModelInfo, 'batchInvariance' | 'memory'>;

export type ModelLoader = ReturnType<typeof createModelLoader>;

/** `predictors`: whether models may have code of users. */
export function createModelLoader(deps: { pool: LanePool; trials: ModelTrials; predictors: boolean }) {
  const { pool, trials } = deps;

  function refuse({ load }: PooledModel): LoadOutcome | null {
    const error = deps.predictors ? null : whyForbidden(load.config);
    return error && { ok: false, error };
  }

  async function loadTried(resident: PooledModel): Promise<LoadOutcome> {
    const trial = await trials.try(resident.load);
    if (!trial.ok || trials.stopped) return trial;
    return loadKnown(resident, trial.info);
  }

  async function loadKnown(resident: PooledModel, known: KnownInfo): Promise<LoadOutcome> {
    const { probe: _, ...load } = resident.load;
    const outcome = await pool.load({ ...resident, load });
    if (!outcome.ok) return outcome;
    const { batchInvariance, memory } = known;
    return { ok: true, info: { ...outcome.info, batchInvariance, memory } };
  }

  return {
    /** `tryFirst`: the lanes serve other models, which this one must not block. */
    load: async (resident: PooledModel, tryFirst: boolean): Promise<LoadOutcome> =>
      refuse(resident) ?? (tryFirst ? loadTried(resident) : pool.load(resident)),
    /** Loads a model that lanes held before. */
    loadAgain: loadKnown,
    /** Ends all trials. */
    stop: () => trials.stop(),
  };
}
