/**
 * Marks a file that a process of this machine is making, so that others wait for it instead of making it, too. If two make
 * it nevertheless, nothing is lost but time.
 */
import { open, rm, stat, utimes } from 'node:fs/promises';
import { nullIfMissing } from '../files/is-missing.ts';

export interface MakingMark {
  /** Shows that the work continues. */
  keep(): Promise<void>;
  remove(): Promise<void>;
}

/** A mark that nobody has renewed for this long belongs to a dead process. */
const DEAD_MS = 30_000;
const KEEP_MS = 1_000;

/** Null: another process is making the file. */
export async function markMaking(path: string): Promise<MakingMark | null> {
  try {
    await (await open(path, 'wx', 0o600)).close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const age = await ageOf(path);
    if (age !== null && age > DEAD_MS) await rm(path, { force: true });
    return null;
  }
  let kept = performance.now();
  return {
    async keep() {
      if (performance.now() - kept < KEEP_MS) return;
      kept = performance.now();
      const now = new Date();
      await utimes(path, now, now).catch(() => {});
    },
    remove: async () => rm(path, { force: true }),
  };
}

async function ageOf(path: string): Promise<number | null> {
  const found = await stat(path).catch(nullIfMissing);
  return found && Date.now() - found.mtimeMs;
}
