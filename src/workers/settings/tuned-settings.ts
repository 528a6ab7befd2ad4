/**
 * Derives the lanes of this worker from operators' choices and measured profiles. A chosen number overrides a profile,
 * and a profile overrides the formula. Pure.
 */
import type { ModelFolder } from '../../shared/models/model-folder.ts';
import type { LaneSettings } from '../../shared/profiles/profile.ts';
import type { Profiles } from './known-profiles.ts';
import { laneKindOf, type DecodeIn } from './lane-kind.ts';
import { planLanes, type LanePlan } from './plan-lanes.ts';
import { requested } from './requested.ts';
import type { Resources } from './resources.ts';

/** Operators' choices for the whole worker. */
export interface ChosenSettings {
  readonly lanes: number | undefined;
  readonly threads: number | undefined;
  readonly decodeThreads: number | undefined;
  readonly decodeIn: DecodeIn;
}

/** The settings that a model's profile determines in this worker. */
export interface Tuned {
  readonly batchSize: number;
  /** ISO 8601. */
  readonly measuredAt: string;
  /**
   * Null if this worker's lanes differ from the measured ones. The measured threads would then leave cores idle, or
   * compete for them.
   */
  readonly shape: { readonly lanes: number; readonly threads: number } | null;
}

/** Null if the model has no profile. */
export type TunedOf = (folder: ModelFolder) => Tuned | null;

export interface WorkerPlan {
  readonly plan: LanePlan;
  readonly tunedOf: TunedOf;
}

/** The returned `tunedOf` also uses profiles that are added later. */
export function planWorker(
  resources: Resources,
  folders: readonly ModelFolder[],
  chosen: ChosenSettings,
  profiles: Profiles,
): WorkerPlan {
  const modelBytes = folders.reduce((sum, folder) => sum + folder.bytes, 0);
  const lanes = requested('setting', chosen.lanes) ?? requested('model_config', lanesOfConfigs(folders));
  const threads = requested('setting', chosen.threads);
  const kind = laneKindOf(
    folders.map(({ config }) => config),
    chosen.decodeIn,
    resources,
  );
  const formula = planLanes(resources, modelBytes, { lanes, threads }, kind);
  const tuned = lanesOfProfiles(folders, profiles, formula.lanes);
  // A profile is measured with its model alone. If memory limits the lanes of several models, the profile may not fit.
  const fits = folders.length === 1 || formula.lanes >= resources.cpus;
  const wanted = lanes ?? (fits ? requested('profile', tuned) : undefined);
  const poolSize = wanted?.value ?? formula.lanes;

  /** The profile's settings, if the model has the lanes that they were measured with. */
  function fitting({ ref, config }: ModelFolder): LaneSettings | null {
    const settings = profiles.get(ref.hash)?.settings;
    // A model without its own number of lanes gets all lanes that were chosen for the worker.
    const own = config.lanes === 'auto' ? (chosen.lanes ?? settings?.lanes) : config.lanes;
    return settings !== undefined && own === settings.lanes && own <= poolSize ? settings : null;
  }

  const decodeThreads = folders.flatMap((folder) => fitting(folder)?.decode_threads ?? []);
  const ownDecodeThreads =
    requested('setting', chosen.decodeThreads) ??
    requested('profile', decodeThreads.length > 0 ? Math.max(...decodeThreads) : undefined);
  const plan = planLanes(
    resources,
    modelBytes,
    { lanes: wanted, threads, decodeThreads: ownDecodeThreads },
    kind,
  );
  return {
    plan,
    tunedOf(folder) {
      const profile = profiles.get(folder.ref.hash);
      if (profile === undefined) return null;
      const settings = fitting(folder);
      return {
        batchSize: profile.settings.batch_size,
        measuredAt: profile.measured_at,
        shape: settings && {
          lanes: settings.lanes,
          threads: chosen.threads ?? settings.threads_per_lane,
        },
      };
    },
  };
}

/** The highest number of lanes that a model names. Undefined unless every model names one. */
function lanesOfConfigs(folders: readonly ModelFolder[]): number | undefined {
  const named = folders.flatMap(({ config }) => (config.lanes === 'auto' ? [] : [config.lanes]));
  return named.length > 0 && named.length === folders.length ? Math.max(...named) : undefined;
}

/**
 * The highest number of lanes that a model wants. A model that wants fewer uses the first lanes. Undefined if no model
 * has a profile.
 */
function lanesOfProfiles(
  folders: readonly ModelFolder[],
  profiles: Profiles,
  formulaLanes: number,
): number | undefined {
  const wanted = folders.map(({ ref, config }) =>
    config.lanes === 'auto' ? (profiles.get(ref.hash)?.settings.lanes ?? formulaLanes) : config.lanes,
  );
  return folders.some(({ ref }) => profiles.has(ref.hash)) ? Math.max(...wanted) : undefined;
}
