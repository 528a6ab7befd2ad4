/** Profiles on disk, one file a model and machine, in the cache folder. */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROFILE, profileFileName, type Profile } from './profile.ts';

export interface ProfileStore {
  /** Null where there is none that can be used: a broken or outdated file is as good as none. */
  read(modelHash: string, fingerprint: string): Promise<Profile | null>;
  /** In one step: readers see the old one or the new one. Returns the file's path. */
  write(profile: Profile): Promise<string>;
}

export function createProfileStore({ cacheDir }: { cacheDir: string }): ProfileStore {
  const folder = join(cacheDir, 'profiles');

  return {
    async read(modelHash, fingerprint) {
      try {
        const text = await readFile(join(folder, profileFileName(modelHash, fingerprint)), 'utf8');
        const profile = PROFILE.parse(JSON.parse(text));
        // Twelve digits name the file; the whole hash decides.
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
