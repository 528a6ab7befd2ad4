/**
 * Puts a text under a name, whole and without clobbering: staged, linked, unstaged. One promise over node's callbacks
 * and not fs/promises, whose file handles and queues of promises cost more than the calls themselves: 28 against 126 us
 * of CPU a file (16 at once, two cores), which every block pays.
 */
import { link, unlink, writeFile } from 'node:fs';
import { mkdir } from 'node:fs/promises';

/** `exists`: the name is somebody else's, and nothing of ours is left. */
export type LinkOutcome = 'linked' | 'exists';

/** `staged`: a path of the caller's own on the same file system. Rejects with what node:fs fails with; then nothing is left. */
export async function linkWhole(staged: string, target: string, text: string): Promise<LinkOutcome> {
  return new Promise((resolve, reject) => {
    const unstage = (then: () => void) => unlink(staged, then);
    writeFile(staged, text, (unwritten) => {
      if (unwritten) return unstage(() => reject(unwritten));
      link(staged, target, (unlinked) =>
        unstage(() => {
          if (!unlinked) resolve('linked');
          else if (unlinked.code === 'EEXIST') resolve('exists');
          else reject(unlinked);
        }),
      );
    });
  });
}

/**
 * Does what needs `folder`, and makes it where it is not: it is there but for a job's first blocks, and where a late run
 * has just removed it, so looking first is not worth a call a block.
 */
export async function inFolder<T>(folder: string, act: () => Promise<T>): Promise<T> {
  for (let tries = 3; ; tries--) {
    try {
      return await act();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === 0) throw error;
      await mkdir(folder, { recursive: true });
    }
  }
}
