/** Keeps profiles in the cache folder: one file per model and machine. */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROFILE, profileFileName, type Profile } from './profile.ts';

export interface ProfileStore {
  /** Null if there is none, or if it is broken or outdated. */
  read(modelHash: string, fingerprint: string): Promise<Profile | null>;
  /** Replaces the file in one step, so that readers see either the old or the new one. Returns its path. */
  write(profile: Profile): Promise<string>;
}

export function createProfileStore({ cacheDir }: { cacheDir: string }): ProfileStore {
  const folder = join(cacheDir, 'profiles');

  return {
    async read(modelHash, fingerprint) {
      try {
        const text = await readFile(join(folder, profileFileName(modelHash, fingerprint)), 'utf8');
        const profile = PROFILE.parse(JSON.parse(text));
        // The file's name has only twelve digits of the hash.
        return profile.model.hash === modelHash && profile.machine.fingerprint === fingerprint
          ? profile
          : null;
      } catch {
        return null;
      }
    },

    async write(profile) {
      const path = join(folder, profileFileName(profile.model.hash, profile.machine.fingerprint));
      const staged = `${path}.${randomUUID().slice(0, 8)}`;
      await mkdir(folder, { recursive: true });
      try {
        await writeFile(staged, `${JSON.stringify(profile, null, 1)}\n`);
        await rename(staged, path);
      } finally {
        await rm(staged, { force: true });
      }
      return path;
    },
  };
}
