/**
 * Watches files that onnxruntime maps into memory (weights beside the graph). Overwriting one in place changes the answers
 * of a loaded model. Replacing it with another file of the same name does not, because the old file stays mapped.
 */
import { closeSync, fstatSync, openSync, type BigIntStats } from 'node:fs';

export interface MappedFiles {
  /** The path of a file that has been written to since the start, or null. Costs one system call per file. */
  changed(): string | null;
  close(): void;
}

/** Call it before the graph is loaded. A file that cannot be opened cannot be mapped either. */
export function watchMappedFiles(paths: readonly string[]): MappedFiles {
  const files = paths.flatMap(open);
  return {
    changed() {
      for (const { path, fd, before } of files) if (isWritten(before, stat(fd))) return path;
      return null;
    },
    close() {
      for (const { fd } of files) closeSync(fd);
      files.length = 0;
    },
  };
}

function open(path: string) {
  try {
    const fd = openSync(path, 'r');
    return [{ path, fd, before: stat(fd) }];
  } catch {
    return [];
  }
}

function stat(fd: number): BigIntStats {
  return fstatSync(fd, { bigint: true });
}

/**
 * The change time reveals writers that reset the modification time. It also changes when a hard link to the file is
 * made or removed, and that does not count.
 */
function isWritten(before: BigIntStats, now: BigIntStats): boolean {
  if (now.size !== before.size || now.mtimeNs !== before.mtimeNs) return true;
  return now.nlink === before.nlink && now.ctimeNs !== before.ctimeNs;
}
