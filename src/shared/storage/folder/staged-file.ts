/**
 * Writes a staged file and links it to its final name without overwriting. It uses the callbacks of node:fs, because
 * the file handles of fs/promises would cost more than the system calls themselves.
 */
import { link, unlink, writeFile } from 'node:fs';

/** Writes the whole file. Rejects with the error of node:fs, and then leaves nothing behind. */
export async function writeStaged(staged: string, content: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    writeFile(staged, content, (error) => {
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

/** `exists`: the final name is taken. `gone`: the staged file was discarded. */
export type LinkOutcome = 'linked' | 'exists' | 'gone';

/**
 * Links a staged file to its final name. The staged name is removed in every case. Rejects with the error of node:fs.
 */
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
