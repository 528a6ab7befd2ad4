/** The profiles that `forebay tune` has measured for this worker's models on this machine. */
import type { ModelFolder } from '../../shared/models/model-folder.ts';
import type { Profile } from '../../shared/profiles/profile.ts';
import type { ProfileStore } from '../../shared/profiles/profile-store.ts';

/** By model hash. */
export type Profiles = ReadonlyMap<string, Profile>;

export interface KnownProfiles {
  readonly all: Profiles;
  /** Reads the profiles of further models. */
  learn(folders: readonly ModelFolder[]): Promise<void>;
}

/** `fingerprint`: of this machine. */
export function createKnownProfiles(deps: { store: ProfileStore; fingerprint: string }): KnownProfiles {
  const all = new Map<string, Profile>();
  return {
    all,
    async learn(folders) {
      for (const { ref } of folders) {
        const profile = await deps.store.read(ref.hash, deps.fingerprint);
        if (profile) all.set(ref.hash, profile);
      }
    },
  };
}

/** For an operator who has switched profiles off. */
export const NO_PROFILES: KnownProfiles = { all: new Map(), learn: async () => undefined };
