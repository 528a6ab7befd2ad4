// Mounts a small tmpfs for outputs that a test can fill.
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const SIZE_MB = 48;

export interface SmallDisk {
  fill(): void;
  /** Frees the space again. */
  empty(): void;
  unmount(): void;
}

/** Returns null if this user may not mount a file system. Mounting needs root and CAP_SYS_ADMIN. */
export function mountSmallDisk(folder: string): SmallDisk | null {
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MB}m`, 'forebay-chaos', folder], {
      stdio: 'ignore',
    });
  } catch {
    return null;
  }
  const filler = join(folder, 'filler');
  // Also runs when this process exits, because a mount outlives the process.
  const unmount = () => {
    process.off('exit', unmount);
    execFileSync('umount', ['-l', folder], { stdio: 'ignore' });
  };
  process.on('exit', unmount);
  return {
    fill() {
      const file = openSync(filler, 'w');
      try {
        // The small chunks fill the last pages, so that no space is left for a part.
        for (const chunk of [Buffer.alloc(1 << 20), Buffer.alloc(1 << 12)]) writeUntilFull(file, chunk);
      } finally {
        closeSync(file);
      }
    },
    empty: () => rmSync(filler, { force: true }),
    unmount,
  };
}

function writeUntilFull(file: number, chunk: Buffer): void {
  try {
    while (writeSync(file, chunk) > 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
