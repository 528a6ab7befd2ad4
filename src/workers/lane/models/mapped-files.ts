/**
 * Files that onnxruntime maps into memory (weights beside the graph). Whoever overwrites one in place changes the answers of
 * a loaded model. A file that is replaced by another of its name does not: the old one stays mapped.
 */
import { closeSync, fstatSync, openSync, type BigIntStats } from 'node:fs';

export interface MappedFiles {
  /** The path of a file that has been written to since; null where none has. Costs a system call per file. */
  changed(): string | null;
  close(): void;
}

/** Call before the graph is loaded. A file that cannot be opened cannot be mapped either. */
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

/** The change time tells of writers that set the modification time back, but also moves when a name of the file goes. */
function isWritten(before: BigIntStats, now: BigIntStats): boolean {
  if (now.size !== before.size || now.mtimeNs !== before.mtimeNs) return true;
  return now.nlink === before.nlink && now.ctimeNs !== before.ctimeNs;
}
