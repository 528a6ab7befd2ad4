/**
 * Writes a text under a name of the caller's own, and links it to its final name without clobbering. One promise over
 * node's callbacks: fs/promises' file handles cost more than the system calls, and every block pays for them.
 */
import { link, unlink, writeFile } from 'node:fs';

/** Writes a staged file whole. Rejects with what node:fs fails with; then nothing is left. */
export async function writeStaged(staged: string, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    writeFile(staged, text, (error) => {
      if (error) unlink(staged, () => reject(error));
      else resolve();
    });
  });
}

export async function removeStaged(staged: string): Promise<void> {
  return new Promise((resolve) => {
    unlink(staged, () => resolve());
  });
}

/** `exists`: the name is taken. `gone`: the staged file was discarded. */
export type LinkOutcome = 'linked' | 'exists' | 'gone';

/** Gives a staged file its final name. However it ends, the staged name is gone. Rejects with what node:fs fails with. */
export async function linkStaged(staged: string, target: string): Promise<LinkOutcome> {
  return new Promise((resolve, reject) => {
    link(staged, target, (error) =>
      unlink(staged, () => {
        if (!error) resolve('linked');
        else if (error.code === 'EEXIST') resolve('exists');
        else if (error.code === 'ENOENT') resolve('gone');
        else reject(error);
      }),
    );
  });
}
