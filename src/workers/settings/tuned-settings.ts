/**
 * What measured profiles say about the models of this worker, and how that becomes its lanes: explicit choices
 * win, then the profile, then the formula. Pure but for reading profiles.
 */
import type { ModelFolder } from '../../shared/models/model-folder.ts';
import type { LaneSettings, Profile } from '../../shared/profiles/profile.ts';
import type { ProfileStore } from '../../shared/profiles/profile-store.ts';
import { planLanes, requested, type LanePlan, type Resources } from './resources.ts';

/** By model hash. */
export type Profiles = ReadonlyMap<string, Profile>;

/** What operators chose for the whole worker. */
export interface ChosenSettings {
  readonly lanes: number | undefined;
  readonly threads: number | undefined;
  readonly decodeThreads: number | undefined;
}

/** What a model's profile decides in this worker. */
export interface Tuned {
  readonly batchSize: number;
  /** ISO 8601. */
  readonly measuredAt: string;
  /**
   * Null where its lanes are not those it was measured with: its threads would leave cores idle, or fight for
   * them.
   */
  readonly shape: { readonly lanes: number; readonly threads: number } | null;
}

export interface WorkerPlan {
  readonly plan: LanePlan;
  /** Null where the model has no profile. */
  readonly tunedOf: (folder: ModelFolder) => Tuned | null;
}

export async function readProfiles(
  store: ProfileStore,
  folders: readonly ModelFolder[],
  fingerprint: string,
): Promise<Profiles> {
  const profiles = new Map<string, Profile>();
  for (const { ref } of folders) {
    const profile = await store.read(ref.hash, fingerprint);
    if (profile) profiles.set(ref.hash, profile);
  }
  return profiles;
}

export function planWorker(
  resources: Resources,
  folders: readonly ModelFolder[],
  chosen: ChosenSettings,
  profiles: Profiles,
): WorkerPlan {
  const modelBytes = folders.reduce((sum, folder) => sum + folder.bytes, 0);
  const lanes = requested('setting', chosen.lanes) ?? requested('model_config', lanesOfConfigs(folders));
  const threads = requested('setting', chosen.threads);
  const formula = planLanes(resources, modelBytes, { lanes, threads });
  const tuned = lanesOfProfiles(folders, profiles, formula.lanes);
  // Each profile was measured with its model alone: where memory binds several, it binds the tuned, too.
  const fits = folders.length === 1 || formula.lanes >= resources.cpus;
  const wanted = lanes ?? (fits ? requested('profile', tuned) : undefined);
  const pool = wanted?.value ?? formula.lanes;

  function fitting({ ref, config }: ModelFolder): LaneSettings | null {
    const settings = profiles.get(ref.hash)?.settings;
    // Lanes that were chosen for the worker are all for each model that does not name its own.
    const own = config.lanes === 'auto' ? (chosen.lanes ?? settings?.lanes) : config.lanes;
    return settings !== undefined && own === settings.lanes && own <= pool ? settings : null;
  }

  const decodes = folders.flatMap((folder) => fitting(folder)?.decode_threads ?? []);
  const plan = planLanes(resources, modelBytes, {
    lanes: wanted,
    threads,
    decodeThreads:
      requested('setting', chosen.decodeThreads) ??
      requested('profile', decodes.length > 0 ? Math.max(...decodes) : undefined),
  });
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

/** Every model names its lanes: the most of them. */
function lanesOfConfigs(folders: readonly ModelFolder[]): number | undefined {
  const named = folders.flatMap(({ config }) => (config.lanes === 'auto' ? [] : [config.lanes]));
  return named.length > 0 && named.length === folders.length ? Math.max(...named) : undefined;
}

/** The most that any model wants: a model with fewer uses the first of them. */
function lanesOfProfiles(
  folders: readonly ModelFolder[],
  profiles: Profiles,
  formula: number,
): number | undefined {
  const wanted = folders.map(({ ref, config }) =>
    config.lanes === 'auto' ? (profiles.get(ref.hash)?.settings.lanes ?? formula) : config.lanes,
  );
  return folders.some(({ ref }) => profiles.has(ref.hash)) ? Math.max(...wanted) : undefined;
}
