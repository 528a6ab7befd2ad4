// A small file system of its own for outputs, that can be filled: a tmpfs, where this user may mount one.
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const SIZE_MB = 48;

export interface SmallDisk {
  fill(): void;
  /** Gives the room back. */
  empty(): void;
  unmount(): void;
}

/** Null where this user may not mount (it takes root and CAP_SYS_ADMIN). */
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
  // Whatever ends this process: a mount outlives it.
  const unmount = () => {
    process.off('exit', unmount);
    execFileSync('umount', ['-l', folder], { stdio: 'ignore' });
  };
  process.on('exit', unmount);
  return {
    fill() {
      const file = openSync(filler, 'w');
      try {
        // The last pages one by one: what is left must not hold a part.
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
