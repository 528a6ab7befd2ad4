/**
 * Makes the names in a folder durable. Without it, a crash of the machine can lose the name of a file whose content is
 * already on the disk.
 */
import { open } from 'node:fs/promises';

/** Some systems and network file systems cannot sync a folder. There, nothing more can be done. */
const UNSUPPORTED = ['EINVAL', 'ENOTSUP', 'EPERM', 'EISDIR', 'ENOSYS'];

/** Rejects with the errors of node:fs. */
export async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    if (!UNSUPPORTED.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
